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

/** What a command is to be given to. */
export interface Commanded extends EngineTag {
  readonly name: string;
  /** The node of a Swarm that the container is on, where its engine is not watched. */
  readonly node?: string | undefined;
}

/** A command for a person, such as `docker start web`, with the node or the engine to give it to, where there are several. */
export function dockerCommand(command: string, container: Commanded): string {
  const { engine, node } = container;
  const engineText = engine === undefined ? '' : `on engine ${engine}: `;
  const where = node === undefined ? engineText : `on node ${node}: `;
  return `${where}docker ${command} ${nameOnEngine(container)}`;
}

/** What follows the @ of `web@a`, and what is before it; the engine is undefined where there is no @. */
export function splitName(text: string): EngineTag & { readonly name: string } {
  const at = text.lastIndexOf('@');
  return at <= 0 ? { name: text } : { name: text.slice(0, at), engine: text.slice(at + 1) };
}
