import { describe, expect, it } from 'vitest';
import type { PublishedPort } from '../../../src/address/published.ts';
import { createDashboardLink, type DashboardLink } from '../../../src/daemon/dashboard-link.ts';
import type { Vantage } from '../../../src/docker/facts.ts';
import { createLogger } from '../../../src/telemetry/logger.ts';
import { inContainer, onHost } from '../../support/facts.ts';
import { ManualClock } from '../../support/manual-clock.ts';

interface Scene {
  readonly link: DashboardLink;
  readonly clock: ManualClock;
  /** The lines so far, without their time. */
  readonly lines: () => string[];
  readonly learn: (vantage: Vantage) => void;
}

function scene(inside: boolean): Scene {
  const written: string[] = [];
  const clock = new ManualClock();
  let home: Vantage | undefined;
  const link = createDashboardLink({
    clock,
    logger: createLogger({
      level: 'info',
      format: 'pretty',
      destination: { write: (line) => void written.push(line) },
    }),
    home: () => home,
    hasEngine: true,
    inContainer: inside,
  });
  return {
    link,
    clock,
    lines: () => written.map((line) => /dashboard: .*/.exec(line)?.[0] ?? line),
    learn(vantage) {
      home = vantage;
      link.update();
    },
  };
}

const within = (published: readonly PublishedPort[]): Vantage =>
  inContainer(['n1'], { ownNetwork: { address: '172.17.0.2', published } });
const published = [{ containerPort: 8470, hostIp: '127.0.0.1', hostPort: 9000 }];
const everywhere = { host: '0.0.0.0', port: 8470 };

describe('the line that says where the dashboard is', () => {
  it('comes at once on a host', () => {
    const { link, lines } = scene(false);
    link.onServing({ host: '127.0.0.1', port: 8470 }, undefined);
    expect(lines()).toEqual(['dashboard: http://127.0.0.1:8470/']);
  });

  it('has the token that Sealane made up', () => {
    const { link, lines } = scene(false);
    link.onServing(everywhere, 'secret');
    expect(lines()).toEqual(['dashboard: http://localhost:8470/login?token=secret']);
  });

  it('has the published address in a container, and waits for it', () => {
    const { link, lines, learn } = scene(true);
    link.onServing(everywhere, 'secret');
    expect(lines()).toEqual([]);
    learn(within(published));
    learn(within(published));
    expect(lines()).toEqual(['dashboard: http://127.0.0.1:9000/login?token=secret']);
  });

  it('comes after two seconds without an answer of the engine, and again where that says otherwise', () => {
    const { link, clock, lines, learn } = scene(true);
    link.onServing(everywhere, undefined);
    clock.advance(2_000);
    expect(lines()).toEqual(['dashboard: http://localhost:8470/']);
    learn(within(published));
    expect(lines().slice(1)).toEqual(['dashboard: http://127.0.0.1:9000/']);
  });

  it('is the host’s own address on the host network', () => {
    const { link, lines, learn } = scene(true);
    link.onServing(everywhere, undefined);
    learn({ ...onHost, selfId: 'self' });
    expect(lines()).toEqual(['dashboard: http://localhost:8470/']);
  });

  it('says how to open it where its port is not published', () => {
    const { link, lines, learn } = scene(true);
    link.onServing(everywhere, undefined);
    learn(within([]));
    expect(lines()).toEqual([
      `dashboard: http://172.17.0.2:8470/ (on the container's network; to open it from elsewhere, publish port 8470, as in "127.0.0.1:8470:8470")`,
    ]);
  });

  it('says how a service of a Swarm publishes its port', () => {
    const { link, lines, learn } = scene(true);
    link.onServing(everywhere, undefined);
    learn(inContainer(['n1'], { ownNetwork: { address: '10.0.1.2', published: [], service: 'shop_sealane' } }));
    expect(lines()).toEqual([
      `dashboard: http://10.0.1.2:8470/ (on the container's network; to open it from elsewhere, publish port 8470, as in { target: 8470, published: 8470, mode: host })`,
    ]);
  });

  it('says how to open it where it is served inside the container only, also if the port is published', () => {
    const { link, lines, learn } = scene(true);
    link.onServing({ host: '127.0.0.1', port: 8470 }, undefined);
    learn(within(published));
    expect(lines()).toEqual([
      'dashboard: http://127.0.0.1:8470/ (inside this container only; to open it from outside, set admin to 0.0.0.0:8470 and publish port 8470, as in "127.0.0.1:8470:8470")',
    ]);
  });

  it('is not written where the dashboard is not served, or after the end', () => {
    const notServed = scene(true);
    notServed.learn(within(published));
    const ended = scene(true);
    ended.link.onServing(everywhere, undefined);
    ended.link.stop();
    ended.clock.advance(10_000);
    expect([...notServed.lines(), ...ended.lines()]).toEqual([]);
  });
});
