import { createHash } from 'node:crypto';
import manifest from '../../package.json' with { type: 'json' };
import type { ShippedPackage } from './packages.ts';

/**
 * The bill of materials of the bundle, in CycloneDX 1.6 (https://cyclonedx.org/docs/1.6/json/). One build has one text:
 * its serial number is made of its content, and it has a time only where SOURCE_DATE_EPOCH gives one.
 */
export function sbomOf(packages: readonly ShippedPackage[], epoch = process.env['SOURCE_DATE_EPOCH']): object {
  const components = packages.map(componentOf);
  const program = componentOf({ ...manifest, author: undefined });
  const root = { ...program, type: 'application', description: manifest.description };
  const refs = new Map<string, string[]>();
  for (const found of packages) refs.set(found.name, [...(refs.get(found.name) ?? []), purlOf(found)]);
  const dependenciesOf = (ref: string, needs: readonly string[]) => ({
    ref,
    dependsOn: needs.flatMap((name) => refs.get(name) ?? []).toSorted(),
  });
  const content = {
    components,
    dependencies: [
      dependenciesOf(program.purl, Object.keys(manifest.devDependencies)),
      ...packages.map((found) => dependenciesOf(purlOf(found), found.needs)),
    ],
  };
  return {
    $schema: 'http://cyclonedx.org/schema/bom-1.6.schema.json',
    bomFormat: 'CycloneDX',
    specVersion: '1.6',
    serialNumber: `urn:uuid:${uuidOf(JSON.stringify([root, content]))}`,
    version: 1,
    metadata: {
      ...(epoch === undefined ? {} : { timestamp: new Date(Number(epoch) * 1000).toISOString() }),
      lifecycles: [{ phase: 'build' }],
      component: root,
    },
    ...content,
  };
}

function componentOf(shipped: Pick<ShippedPackage, 'name' | 'version' | 'license' | 'author'>) {
  const [group, name] = shipped.name.startsWith('@') ? shipped.name.split('/') : [undefined, shipped.name];
  const purl = purlOf(shipped);
  return {
    type: 'library',
    'bom-ref': purl,
    ...(group === undefined ? {} : { group }),
    name,
    version: shipped.version,
    ...(shipped.author === undefined ? {} : { author: shipped.author }),
    licenses: [{ license: { id: shipped.license } }],
    purl,
  };
}

/** https://github.com/package-url/purl-spec/blob/main/types-doc/npm-definition.md */
function purlOf({ name, version }: Pick<ShippedPackage, 'name' | 'version'>): string {
  return `pkg:npm/${name.replace('@', '%40')}@${version}`;
}

/** A UUID of version 8 (RFC 9562): its bits are the hash of a text. */
function uuidOf(text: string): string {
  const hash = createHash('sha256').update(text).digest('hex');
  const parts = [hash.slice(0, 8), hash.slice(8, 12), `8${hash.slice(13, 16)}`, `8${hash.slice(17, 20)}`];
  return [...parts, hash.slice(20, 32)].join('-');
}
