import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { projectRoot } from '../../../dev/images/sealane-image.ts';
import { isOption } from '../../../src/config/options/route-options.ts';
import { readLabels } from '../../../src/discovery/labels.ts';

const page = await readFile(join(projectRoot, 'docs/migrating.md'), 'utf8');
/** What the page writes as a label: `sealane.listen=80`, or a name alone. */
const written = [...new Set([...page.matchAll(/`sealane\.([^`…]+)`/g)].map(([, label = '']) => label))];
const labels = written.filter((label) => label.includes('='));

function mistakesIn(label: string): string[] {
  const [key = '', value = ''] = label.split(/=(.*)/s);
  const { problems } = readLabels({ [`sealane.${key}`]: value }, 'sealane', { id: 'c', name: 'c' });
  return problems.map(({ message }) => message);
}

describe('docs/migrating.md', () => {
  it('has labels, whose mistakes are found', () => {
    expect(labels.length).toBeGreaterThan(30);
    expect([...mistakesIn('lisen=80'), ...mistakesIn('web.hots=a'), ...mistakesIn('balance=uri')]).toHaveLength(3);
  });

  it.each(labels)('says sealane.%s, which Sealane reads', (label) => {
    expect(mistakesIn(label)).toEqual([]);
  });

  it('names no other options', () => {
    expect(written.filter((label) => !label.includes('=') && !isOption(label))).toEqual([]);
  });
});
