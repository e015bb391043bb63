import type { ShippedPackage } from './packages.ts';

/** The notices that the licenses of the packages ask for, in one text. */
export function noticesOf(packages: readonly ShippedPackage[]): string {
  const intro = 'This program contains code of the packages below, each under its own license.';
  return `${[intro, ...packages.map(noticeOf)].join(`\n\n${'-'.repeat(80)}\n\n`)}\n`;
}

function noticeOf(shipped: ShippedPackage): string {
  const { name, version, license, author, texts } = shipped;
  const title = `${name} ${version} (${license})${author === undefined ? '' : `, by ${author}`}`;
  return [title, ...(texts.length > 0 ? texts : [standardText(shipped)])].join('\n\n');
}

/** The text of a license whose package has no file of it: SPDX's, with the holder that the package names. */
function standardText({ name, version, license, author }: ShippedPackage): string {
  const text = standardTexts[license];
  if (text === undefined) throw new Error(`${name} ${version} has no file with its license, ${license}`);
  return `Copyright (c) ${author ?? `the authors of ${name}`}\n\n${text}`;
}

const standardTexts: Readonly<Record<string, string>> = {
  MIT: `Permission is hereby granted, free of charge, to any person obtaining a copy of this software and associated
documentation files (the "Software"), to deal in the Software without restriction, including without limitation the
rights to use, copy, modify, merge, publish, distribute, sublicense, and/or sell copies of the Software, and to permit
persons to whom the Software is furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all copies or substantial portions of the
Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT NOT LIMITED TO THE
WARRANTIES OF MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE AUTHORS OR
COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR
OTHERWISE, ARISING FROM, OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE SOFTWARE.`,
  ISC: `Permission to use, copy, modify, and/or distribute this software for any purpose with or without fee is hereby
granted, provided that the above copyright notice and this permission notice appear in all copies.

THE SOFTWARE IS PROVIDED "AS IS" AND THE AUTHOR DISCLAIMS ALL WARRANTIES WITH REGARD TO THIS SOFTWARE INCLUDING ALL
IMPLIED WARRANTIES OF MERCHANTABILITY AND FITNESS. IN NO EVENT SHALL THE AUTHOR BE LIABLE FOR ANY SPECIAL, DIRECT,
INDIRECT, OR CONSEQUENTIAL DAMAGES OR ANY DAMAGES WHATSOEVER RESULTING FROM LOSS OF USE, DATA OR PROFITS, WHETHER IN AN
ACTION OF CONTRACT, NEGLIGENCE OR OTHER TORTIOUS ACTION, ARISING OUT OF OR IN CONNECTION WITH THE USE OR PERFORMANCE OF
THIS SOFTWARE.`,
};
