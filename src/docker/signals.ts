/**
 * Parses and prints signals as engines write them: `15`, `SIGTERM`, `TERM`, `SIGRTMIN+3`. The numbers are those of
 * Linux (signal(7)) on every platform, because the containers run on Linux.
 */
const names = (
  'HUP INT QUIT ILL TRAP ABRT BUS FPE KILL USR1 SEGV USR2 PIPE ALRM TERM STKFLT CHLD CONT STOP TSTP TTIN TTOU URG ' +
  'XCPU XFSZ VTALRM PROF WINCH IO PWR SYS'
).split(' ');
const firstRealTime = 34;
const lastRealTime = 64;

/** The signal's number, from 1 to 64; undefined when the text is no signal. */
export function signalNumber(text: string): number | undefined {
  const plain = text.trim().toUpperCase().replace(/^SIG/, '');
  if (/^\d+$/.test(plain)) return inRange(Number(plain));
  const realTime = /^RT(MIN|MAX)(?:([+-])(\d+))?$/.exec(plain);
  if (realTime) {
    const base = realTime[1] === 'MIN' ? firstRealTime : lastRealTime;
    const offset = Number(realTime[3] ?? 0);
    return inRange(realTime[2] === '-' ? base - offset : base + offset);
  }
  const index = names.indexOf(plain);
  return index < 0 ? undefined : index + 1;
}

/** The signal's name for people, e.g. `SIGTERM`. */
export function signalName(signal: number): string {
  const name = names[signal - 1];
  return name === undefined ? `signal ${signal}` : `SIG${name}`;
}

function inRange(signal: number): number | undefined {
  return signal >= 1 && signal <= lastRealTime ? signal : undefined;
}
