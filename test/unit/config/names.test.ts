import { describe, expect, it } from 'vitest';
import { namesListenSchema } from '../../../src/config/names/addresses.ts';
import { templateSchema } from '../../../src/config/names/template.ts';
import { complaint } from '../../../src/text/refusal.ts';
import type { z } from 'zod';

function wrong(schema: z.ZodType, text: string): string {
  const { error } = schema.safeParse(text);
  return error ? complaint(error, text) : 'accepted';
}

describe('the template of names', () => {
  it.each([
    '{service}.{project}.localhost',
    '{service}-{project}.localhost',
    'dev.{container}.{engine}.example.test',
    ' {SERVICE}.Localhost. ',
    '{service}.bücher.example',
  ])('accepts %j', (text) => {
    expect(templateSchema.safeParse(text).error).toBeUndefined();
  });

  it.each([
    ['{srevice}.localhost', 'must have no placeholders other than', 'did you mean "{service}.localhost"?'],
    ['{}.localhost', 'must have no placeholders other than', ''],
    ['{project}.localhost', 'must have {service} or {container} in it', ''],
    ['localhost', 'must have {service} or {container} in it', ''],
    ['api.{service}', 'must end in a domain without a placeholder', 'did you mean "api.{service}.localhost"?'],
    ['http://{service}.localhost', 'without http://, a port or a path', 'did you mean "{service}.localhost"?'],
    ['{service}.localhost:80', 'without http://, a port or a path', 'did you mean "{service}.localhost"?'],
    ['*.{service}.localhost', 'must be a DNS name with placeholders', 'without "*"'],
    ['{service}_x.localhost', 'must be a DNS name with placeholders', 'without "_"'],
    ['{service}..localhost', 'must be a DNS name with placeholders', ''],
    ['{service}.10', 'must be a DNS name with placeholders', ''],
    ['{service.localhost', 'must have {service} or {container} in it', ''],
    [`{service}.${'a.'.repeat(50)}localhost`, 'and 80 characters beside them', ''],
  ])('refuses %j, and says why', (text, rule, hint) => {
    const message = wrong(templateSchema, text);
    expect(message).toContain(rule);
    expect(message).toContain(hint);
  });
});

describe('the addresses of names', () => {
  it.each([
    ['80', [{ host: undefined, port: 80, tls: false }]],
    [
      '80, 443',
      [
        { host: undefined, port: 80, tls: false },
        { host: undefined, port: 443, tls: true },
      ],
    ],
    ['127.0.0.1:8443', [{ host: '127.0.0.1', port: 8443, tls: true }]],
    ['https://[::1]:9000', [{ host: '::1', port: 9000, tls: true }]],
    ['HTTP://0.0.0.0:443/', [{ host: '0.0.0.0', port: 443, tls: false }]],
  ])('of %j are read', (text, addresses) => {
    expect(namesListenSchema.parse(text)).toEqual(addresses);
  });

  it.each(['', '80,,443', 'unix:/run/x.sock', 'ftp://80', '80-90', '80,80', 'http://80,https://80', 'all'])(
    '%j is refused',
    (text) => {
      expect(wrong(namesListenSchema, text)).toMatch(/^must (?:be ports or IP:port|have each address once)/);
    },
  );
});
