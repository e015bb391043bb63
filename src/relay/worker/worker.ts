import { parentPort, workerData } from 'node:worker_threads';
import { openAccess } from '../intake/access-policy.ts';
import { CounterWriter } from '../boundary/counters.ts';
import { ProofQuestions } from './proof-questions.ts';
import { Dispatcher } from './dispatcher.ts';
import type { FromWorker, ToWorker, WorkerSetup } from '../boundary/messages.ts';
import { openDriver } from '../driver/open-driver.ts';
import { OpenSockets } from '../boundary/open-sockets.ts';
import { RecordSender } from './record-sender.ts';
import { encodeRecords } from '../boundary/record-batch.ts';
import { ResourceWarnings } from '../boundary/resource-warnings.ts';

/**
 * The entry point of a relay thread: connects its messages to a dispatcher and a driver. It makes no decisions.
 */
/** The control thread need not hear of each of a thousand clients that meet the same lack of a resource. */
const warningIntervalMs = 250;

if (parentPort) run(parentPort, workerData as WorkerSetup);

function run(port: NonNullable<typeof parentPort>, setup: WorkerSetup): void {
  const { index, memory, access, sockets, ticketKeys } = setup;
  const { reusePort, maxSessions, socketFolder } = setup;
  const send = (message: FromWorker): void => port.postMessage(message);
  const questions = new ProofQuestions(send);
  const opened = openDriver(setup, new OpenSockets(sockets, index), (...asked) => questions.ask(...asked));
  const { driver, wakeFd } = opened;
  const recordSender = new RecordSender({
    clock: driver.clock,
    send: (records, dropped) => {
      const batch = encodeRecords(records);
      port.postMessage({ kind: 'records', batch, dropped } satisfies FromWorker, [batch.cells.buffer]);
    },
  });
  const warnings = new ResourceWarnings(driver.clock, warningIntervalMs, (warning) =>
    send({ kind: 'resource-warning', warning }),
  );
  const dispatcher = new Dispatcher(
    {
      driver,
      ticketKeys,
      random: Math.random,
      counters: new CounterWriter(memory, index),
      onRecord: (record) => recordSender.add(record),
      onListener: (key, status) => send({ kind: 'listener', key, status }),
      onSuspect: (upstreamKey, error) => send({ kind: 'suspect', upstreamKey, error }),
      onWaiting: (service, client) => send({ kind: 'waiting', service, client }),
      onResourceWarning: (warning) => warnings.add(warning),
      access: openAccess(access, index),
    },
    { reusePort, maxSessions, socketFolder },
  );

  process.once('exit', () => dispatcher.abandon());
  port.on('message', (message: ToWorker) => {
    switch (message.kind) {
      case 'table':
        dispatcher.apply(message.table, message.slots);
        return send({ kind: 'applied', version: message.table.version });
      case 'change':
        dispatcher.change(message.change, message.slots);
        return send({ kind: 'applied', version: message.change.version });
      case 'records-received':
        return recordSender.onReceived();
      case 'confirmed':
        return questions.answer(message.id, message.isConfirmed);
      case 'close-sessions':
        return dispatcher.closeSessionsOf(message.upstreamKey, message.olderThanMs);
      case 'list-sessions':
        return send({
          kind: 'session-list',
          id: message.id,
          json: JSON.stringify(dispatcher.listSessions(message.filter)),
        });
      case 'handoff':
        return dispatcher.connect(message);
      case 'drain':
        return dispatcher.drain(message.deadlineMs, () => {
          recordSender.flush();
          send({ kind: 'drained' });
        });
      case 'close':
        dispatcher.close();
        recordSender.sendAll();
        opened.stop();
        // The thread ends by itself once nothing is open; posted messages are delivered first.
        return port.close();
    }
  });
  send({ kind: 'ready', endsTls: driver.createTlsContext !== undefined, ...(wakeFd !== undefined && { wakeFd }) });
  opened.start();
}
