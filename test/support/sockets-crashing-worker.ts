import '../../src/relay/worker.ts';

/**
 * The relay's worker with a flaw: it throws when told to, on the broadcast channel that the environment names.
 */
const channel = new BroadcastChannel(process.env['SEALANE_TEST_CRASH'] ?? 'crash');
channel.addEventListener('message', () => {
  throw new Error('a flaw in the relay');
});
(channel as unknown as { unref(): void }).unref();
