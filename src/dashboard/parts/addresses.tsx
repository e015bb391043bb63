import type { ApiRoute } from '../../admin/schema.ts';
import { addressesOf } from '../data/addresses.ts';
import { say } from './toast.tsx';

/** The addresses of a route: links where a browser can open them, each with a button that copies it. */
export function Addresses({ route }: { readonly route: ApiRoute }) {
  return (
    <>
      {addressesOf(route, location.hostname).map(({ text, copied, href }) => (
        <span key={text} class={route.open ? 'address' : 'address closed'}>
          {href === undefined ? (
            <span>{text}</span>
          ) : (
            <a href={href} target="_blank" rel="noreferrer">
              {text}
            </a>
          )}
          <button type="button" class="copy" aria-label={`Copy ${copied}`} onClick={() => void copy(copied)}>
            <svg viewBox="0 0 16 16" width="14" height="14" aria-hidden="true">
              <path d="M5.5 5.5h8v8h-8zM10.5 5V2.5h-8v8H5" fill="none" stroke="currentColor" stroke-width="1.4" />
            </svg>
          </button>
        </span>
      ))}
    </>
  );
}

async function copy(text: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(text);
    say(`${text} is copied.`);
  } catch {
    // Browsers have a clipboard only for pages of localhost and of HTTPS.
    say(`The browser does not let this page copy. Select the address: ${text}`, 'failed');
  }
}
