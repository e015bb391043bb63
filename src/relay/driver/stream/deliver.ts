import type { Delivery } from '../driver.ts';
import { StreamDial } from './dial.ts';
import type { StreamParts } from './stream-parts.ts';

/** Carries out a delivery (see Driver.deliver). */
export function deliver(
  { endpoint, bytes, patienceMs, hasRoom }: Delivery,
  {
    sockets,
    networks,
    timeouts,
    limitRetries,
    confirm,
  }: Pick<StreamParts, 'sockets' | 'networks' | 'timeouts' | 'limitRetries' | 'confirm'>,
  onOver: (isDelivered: boolean) => void,
): (() => void) | undefined {
  if (!sockets.deliveryOpened(hasRoom)) return undefined;
  let isSent = false;
  let isOver = false;
  const stop = (): boolean => {
    const isFirst = !isOver;
    isOver = true;
    if (isFirst) sockets.otherClosed();
    clearTimeout(patience);
    dial.close();
    return isFirst;
  };
  const end = (): void => {
    if (stop()) onOver(isSent);
  };
  const dial = new StreamDial(
    {
      onDialed: ({ socket }) => {
        isSent = true;
        socket.once('end', end);
        socket.resume();
        socket.write(bytes);
      },
      onUpstreamFailed: end,
      onSocketClosed: end,
    },
    endpoint,
    { networks, timeouts, limitRetries, confirm, hasRoom: true },
    undefined,
  );
  const patience = setTimeout(end, patienceMs);
  return () => void stop();
}
