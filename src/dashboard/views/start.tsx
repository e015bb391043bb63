import { connection } from '../data/store.ts';

/** Shown before the first answer: the page is loading, or it needs the token. */
export function Loading() {
  const now = connection.value;
  const reason = now.kind === 'connecting' ? now.reason : undefined;
  return (
    <div class="start" aria-busy="true">
      <h1 tabIndex={-1}>{reason === undefined ? 'Reading services' : 'Waiting for Sealane'}</h1>
      {reason === undefined ? <Skeleton /> : <p>{reason} Trying again.</p>}
    </div>
  );
}

function Skeleton() {
  return (
    <div class="skeleton" aria-hidden="true">
      <i />
      <i />
      <i />
    </div>
  );
}

/** A plain form: the server answers with a cookie and redirects back to the page. */
export function SignIn() {
  return (
    <div class="start">
      <h1 tabIndex={-1}>This Sealane asks for its token</h1>
      <p>It printed a link that holds the token when it started; open that, or enter the token here.</p>
      <form action="/login" method="get">
        <label for="token">Token</label>
        <input id="token" name="token" type="password" autocomplete="current-password" required />
        <button type="submit" class="chief">
          Sign in
        </button>
      </form>
    </div>
  );
}
