import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { z } from 'zod';

/**
 * A registry for one package, in memory: what `npm publish` sends to it, `npx` gets from it. It has the three requests that
 * these need (https://github.com/npm/registry/blob/main/docs/REGISTRY-API.md).
 */
export interface Registry extends AsyncDisposable {
  readonly url: string;
  /** What was published, as the registry shows it. */
  published(): z.output<typeof packumentSchema>;
}

const versionSchema = z.looseObject({
  name: z.string(),
  version: z.string(),
  homepage: z.string(),
  bugs: z.object({ url: z.string() }),
  readme: z.string().optional(),
  dist: z.looseObject({ tarball: z.string(), integrity: z.string() }),
});
/** The field in which npm sends the tarball. */
const attachments = '_attachments';
const packumentSchema = z.looseObject({
  name: z.string(),
  versions: z.record(z.string(), versionSchema),
  [attachments]: z.record(z.string(), z.object({ data: z.string() })),
});

export async function startRegistry(): Promise<Registry> {
  let published: z.output<typeof packumentSchema> | undefined;
  const receive = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    published = packumentSchema.parse(JSON.parse(await text(request)));
    response.writeHead(201).end('{}');
  };
  const server = createServer((request, response) => {
    if (request.method === 'PUT') {
      void receive(request, response);
    } else if (published === undefined || !request.url?.startsWith(`/${published.name}`)) {
      response.writeHead(404).end('{}');
    } else if (request.url.endsWith('.tgz')) {
      const [tarball] = Object.values(published[attachments]);
      response.end(Buffer.from(tarball?.data ?? '', 'base64'));
    } else {
      const { [attachments]: _, ...shown } = published;
      response.setHeader('content-type', 'application/json').end(JSON.stringify(shown));
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    published() {
      if (!published) throw new Error('nothing was published');
      return published;
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
