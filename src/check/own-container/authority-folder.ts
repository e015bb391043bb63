import { folderInImage, namesRulesOf } from '../../config/names/settings.ts';
import { printable } from '../../text/printable.ts';
import type { Finding } from '../finding.ts';
import { isOnMount } from './mounts.ts';
import type { SealaneService } from '../sealane-service.ts';

/**
 * Finds a Sealane whose authority is gone with its container, and with it the trust of browsers in its certificates. Pure.
 */
export function authorityNotKept({ service, settings, usesFile }: SealaneService): Finding[] {
  const { mounts, name, location } = service;
  const { 'names-ca': given } = settings;
  const isNeeded = namesRulesOf(settings)?.listen.some(({ tls }) => tls);
  if (!isNeeded || mounts === undefined) return [];
  if (given === undefined && usesFile) return [];
  const folder = given ?? folderInImage;
  if (isOnMount(folder, mounts) || (given === undefined && mounts.some(isUsersOwn))) return [];
  const [where, sealane] = [printable(folder), printable(name)];
  return [
    {
      code: 'authority-not-kept',
      severity: 'warning',
      location,
      service: name,
      message: `the authority that signs the certificates of names is in ${where}, on no volume: each new container of ${sealane} makes another one, which no browser trusts`,
      fix: `Add "sealane-ca:${where}" to the volumes of ${sealane}, and \`sealane-ca:\` under \`volumes:\` at the end of the file.`,
    },
  ];
}

/** Of another image, the folder is in its user's home. */
function isUsersOwn(target: string): boolean {
  return /^\/root$|^\/home\/[^/]+$|\/\.local(?:\/share(?:\/sealane(?:\/ca)?)?)?$/.test(target.replace(/\/+$/, ''));
}
