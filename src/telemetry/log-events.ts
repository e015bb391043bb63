/**
 * Declares the events of log lines, with the occasion of each. Every log line has an event, which stays the same when
 * the words of the line change. docs/metrics.md lists the events; a test compares the two.
 */
export const logEvents = {
  started: 'Sealane was started; `version`, `workers`, and `listen` of the relay form',
  driver: 'the driver was chosen; `driver`',
  stopping: 'a stop signal came: no new sessions from now on; `signal`',
  stopped: 'the last session ended, or was closed',
  'config-read': 'the configuration file was read again',
  'nothing-to-reload': 'SIGHUP came, and there is no configuration file',
  'engine-connected': 'the engine answered, and its events are followed; `apiVersion`',
  'engine-unreachable': "the engine can't be reached, or its list can't be read; `reason`",
  'engine-slow': 'the engine has not answered a call for a second, 4 s, 16 s …; `call`, `waitedMs`',
  'engine-events-lost': 'events of the engine were lost, so all containers are listed again; `reason`',
  'engine-answer-unreadable': 'a part of an answer of the engine was left out; `reason`',
  'container-unreadable': 'the inspect of a container failed, and is tried again; `containerId`, `reason`',
  'vantage-unclear': 'the network position of Sealane could not be determined as expected; `reason`',
  'service-added': 'a service was declared; `service`',
  'service-lingers': 'a service has no container left, and holds its clients; `service`',
  'service-removed': 'nothing declares a service any more; `service`',
  'route-opened': 'a listen address of a service accepts clients; `service`, `listen`',
  'route-closed': 'a listen address of a service accepts clients no longer; `service`, `listen`',
  'upstream-added': 'an upstream joined a service; `service`, `upstream`, `endpoints`, `state`, `reason`',
  'upstream-changed': "an upstream's state or weight changed; `service`, `upstream`, `state`, `reason`",
  'upstream-removed': 'an upstream left a service; `service`, `upstream`',
  problem: "something that Sealane can't or won't do, with its fix; `code`, `subject`",
  'problem-solved': 'a problem ended; `code`, `subject`',
  session: "a session ended; `session`, and `why` where the service's state is the cause",
  'sessions-not-logged': 'more sessions ended in a second than are logged one by one; `service`, `count`',
  'session-records-dropped': 'sessions ended faster than they could be logged; `dropped`',
  'relay-worker-died': 'a relay thread died with its sessions, and is started again; `worker`, `err`',
  'accept-failed': 'clients could not be accepted for want of a resource; `code`',
  'dial-impossible': 'upstreams could not be dialed for want of a resource; `code`',
  'counters-full': 'there are more upstreams than counter slots: some share one; `upstreams`',
  'handoff-lossy': "the machine's settings let `--reuse-port` lose clients in a handoff",
  'admin-bound': 'an admin address that was taken is free, and is served; `name`',
  'admin-bind-failed': "an admin address can't be bound, and is tried again; `name`, `code`",
  'admin-link': 'where the dashboard is, as the engine publishes it, with the token if Sealane made it up; `url`',
  'ready-file-failed': "the file of `--ready-file` can't be written, and is tried again; `reason`",
  'log-dropped': 'the log can be written again, and lines were lost meanwhile; `dropped`',
} as const satisfies Readonly<Record<string, string>>;

export type LogEvent = keyof typeof logEvents;
