import { ConfigError } from '../config/config-error.ts';
import type { Settings } from '../config/settings.ts';
import type { DriverName } from '../relay/boundary/messages.ts';
import type { ListenerStatus, SessionRecord } from '../relay/boundary/report.ts';
import type { Endpoint } from '../relay/boundary/table.ts';
import { chooseDriver } from '../relay/driver/choose-driver.ts';
import { fileBudget, type FileBudget } from '../relay/plane/file-budget.ts';
import { createPlane, type Plane } from '../relay/plane/plane.ts';
import { DialFailures } from '../telemetry/dial-failures.ts';
import { FailureCounts } from '../telemetry/failure-counts.ts';
import { RecentSessions } from '../telemetry/recent-sessions.ts';
import type { Logger } from '../telemetry/logger.ts';
import type { Clock } from '../time/clock.ts';
import { Broadcast } from './broadcast.ts';
import { ListenerStatuses } from './listener-statuses.ts';

/**
 * The relay as the daemon sees it: its control side, with what it reported last and the events that it tells.
 */
export interface Relay {
  readonly plane: Plane;
  readonly driver: DriverName;
  readonly files: FileBudget;
  readonly listeners: ListenerStatuses;
  readonly dialFailures: DialFailures;
  readonly recentSessions: RecentSessions;
  readonly failures: FailureCounts;
  /** Sessions that ended. `dropped`: records that were lost before they came here. */
  readonly sessions: Broadcast<[records: readonly SessionRecord[], dropped: number]>;
  /** Upstreams that a dial to failed. */
  readonly suspects: Broadcast<[upstreamKey: string, error: string]>;
  /** Clients that are held while containers of their service are asleep. */
  readonly waiting: Broadcast<[service: string, client: string]>;
  /** Changes of listeners' statuses. */
  readonly statuses: Broadcast<[listen: string, status: ListenerStatus]>;
  /** Lets the engines confirm addresses; before that, none is. */
  confirmBy(engines: Confirm): void;
}

export interface RelayParts {
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Whether the engine says that the address is still the container's (see AddressProof). */
type Confirm = (endpoint: Endpoint) => Promise<boolean>;

type RelaySettings = Pick<Settings, 'driver' | 'workers' | 'reuse-port' | 'max-sessions' | 'socket-folder'>;

/** @throws ConfigError when the settings ask for a driver that this machine can't run */
export function createRelay({ clock, logger }: RelayParts, settings: RelaySettings): Relay {
  const driver = driverOf(settings, logger);
  const listeners = new ListenerStatuses();
  const dialFailures = new DialFailures();
  const recentSessions = new RecentSessions();
  const failures = new FailureCounts();
  const sessions: Relay['sessions'] = new Broadcast();
  const suspects: Relay['suspects'] = new Broadcast();
  const waiting: Relay['waiting'] = new Broadcast();
  const statuses: Relay['statuses'] = new Broadcast();
  suspects.on((upstreamKey, error) => dialFailures.add(upstreamKey, error, clock.wallMs()));
  sessions.on((records) => recentSessions.add(records));
  sessions.on((records) => failures.add(records));
  statuses.on((listen, status) => listeners.set(listen, status));
  const { workers, 'reuse-port': reusePort, 'max-sessions': maxSessions, 'socket-folder': socketFolder } = settings;
  const files = fileBudget(driver, workers);
  let confirm: Confirm = () => Promise.resolve(false);
  const plane = createPlane(
    {
      logger,
      confirm: (endpoint) => confirm(endpoint),
      onSessions: sessions.tell,
      onSuspect: suspects.tell,
      onWaiting: waiting.tell,
      onListener: statuses.tell,
    },
    { workers, driver, reusePort, maxSessions, socketFolder, files },
  );
  return {
    plane,
    driver,
    files,
    listeners,
    dialFailures,
    recentSessions,
    failures,
    sessions,
    suspects,
    waiting,
    statuses,
    confirmBy(engines) {
      confirm = engines;
    },
  };
}

function driverOf(settings: RelaySettings, logger: Logger): DriverName {
  const choice = chooseDriver(settings.driver);
  if (choice.kind === 'impossible') {
    throw new ConfigError(`--driver splice is not possible: ${choice.reason}; use auto or stream`);
  }
  logger.info({ event: 'driver', driver: choice.driver }, `driver ${choice.driver}: ${choice.reason}`);
  return choice.driver;
}
