/**
 * The names of containers where several engines are watched: `web@a` is the container that engine a knows as `web`, since
 * another engine may have a `web`, too. Engines accept no @ in a container's name. Pure.
 */
export interface EngineTag {
  /** The engine's name; undefined where only one engine is watched. */
  readonly engine?: string | undefined;
}

export function nameAt(name: string, { engine }: EngineTag): string {
  return engine === undefined ? name : `${name}@${engine}`;
}

/** The name that the container's engine knows. */
export function nameOnEngine({ name, engine }: EngineTag & { readonly name: string }): string {
  const suffix = `@${engine ?? ''}`;
  return engine !== undefined && name.endsWith(suffix) ? name.slice(0, -suffix.length) : name;
}

/** A command for a person, such as `docker start web`; where there are several engines, with the one to give it to. */
export function dockerCommand(command: string, container: EngineTag & { readonly name: string }): string {
  const { engine } = container;
  return `${engine === undefined ? '' : `on engine ${engine}: `}docker ${command} ${nameOnEngine(container)}`;
}

/** What follows the @ of `web@a`, and what is before it; the engine is undefined where there is no @. */
export function splitName(text: string): EngineTag & { readonly name: string } {
  const at = text.lastIndexOf('@');
  return at <= 0 ? { name: text } : { name: text.slice(0, at), engine: text.slice(at + 1) };
}
