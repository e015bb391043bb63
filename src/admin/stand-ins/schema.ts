import { z } from 'zod';
import { parseAddress } from '../../address/address.ts';
import { count, time } from '../derived-fields.ts';

/**
 * The schemas of stand-ins: what is asked for with `PUT`, and what the answers tell of them.
 */
/** A lease that is renewed every second outlives four lost renewals. */
const defaultLeaseMs = 5_000;
const longestLeaseMs = 7 * 24 * 3_600_000;

export const askedSwapSchema = z
  .object({
    address: z
      .string()
      .max(300)
      .refine((text) => (parseAddress(text)?.port ?? 0) > 0, 'must be HOST:PORT, such as localhost:3000')
      .describe(
        'HOST:PORT of the process, as on the machine of the caller: of a Sealane in a container, `localhost` is its host.',
      ),
    owner: z.string().min(1).max(100).describe('Who swaps, for people: `anna@laptop`.'),
    percent: z.int().min(1).max(100).default(100).describe('The share of new sessions.'),
    strict: z
      .boolean()
      .default(false)
      .describe(
        'Clients are held while the process does not answer; otherwise the service’s own upstreams serve them.',
      ),
    drain: z
      .boolean()
      .default(false)
      .describe('Sessions that began before the swap are closed when their upstream’s drain time is over.'),
    leaseMs: z.int().min(1_000).max(longestLeaseMs).default(defaultLeaseMs).describe('Until the next renewal.'),
    yields: z
      .boolean()
      .default(false)
      .describe('Takes its place behind the stand-ins that are there: for an owner that had lost its lease.'),
  })
  .refine(({ strict, percent }) => !strict || percent === 100, {
    path: ['strict'],
    message: 'needs the whole service: leave the share out',
  })
  .meta({ id: 'AskedSwap' });

export const standInSchema = z
  .object({
    id: z.string(),
    service: z.string(),
    address: z.string().describe('As its owner calls it.'),
    owner: z.string(),
    percent: count,
    strict: z.boolean(),
    endpoints: z.array(z.string()).describe('`ip:port` by which Sealane reaches it.'),
    advice: z.string().describe('What to do where none of them answers.'),
    takenAt: time,
    until: time.describe('When its lease runs out, unless it is renewed.'),
    serves: z.boolean().describe('False while another stand-in of the service serves, which was taken later.'),
    behind: z.string().nullable().describe('The owner of the stand-in that serves instead.'),
    state: z.string().nullable().describe('As that of an upstream; null for one that does not serve.'),
    reason: z.string(),
    sessions: count.describe('Its sessions now.'),
    text: z.string().describe('One line: who swaps what, and how it is.'),
  })
  .meta({ id: 'StandIn' });

export type ApiAskedSwap = z.input<typeof askedSwapSchema>;
export type ApiStandIn = z.output<typeof standInSchema>;
