import type { ComposeService } from '../compose/service.ts';

/**
 * Reads on which nodes of a Swarm the tasks of a service may run. Pure.
 * https://docs.docker.com/reference/compose-file/deploy/#constraints
 */
interface Constraint {
  readonly attribute: string;
  /** Whether the attribute has to have the value, or must not have it. */
  readonly isEqual: boolean;
  readonly value: string;
}

type Placed = Pick<ComposeService, 'deploy'>;

const role = 'node.role';

/** The role that all nodes of its tasks have; undefined where they may have either. */
export function roleOf(service: Placed): 'manager' | 'worker' | undefined {
  const value = constraintsOf(service).find(({ attribute }) => attribute === role)?.value;
  return value === 'manager' || value === 'worker' ? value : undefined;
}

/** Whether no node can run tasks of both. */
export function areApart(one: Placed, other: Placed): boolean {
  const others = constraintsOf(other);
  return constraintsOf(one).some((a) =>
    others.some(
      (b) => a.attribute === b.attribute && (a.value === b.value ? a.isEqual !== b.isEqual : a.isEqual && b.isEqual),
    ),
  );
}

function constraintsOf({ deploy }: Placed): Constraint[] {
  return deploy.constraints.flatMap((text) => {
    const [, attribute = '', operator, value = ''] = /^\s*([^\s!=]+)\s*(==|!=)\s*(.*?)\s*$/s.exec(text) ?? [];
    if (operator === undefined) return [];
    const isEqual = operator === '==';
    // There are two roles.
    if (attribute !== role || isEqual) return { attribute, isEqual, value };
    return { attribute, isEqual: true, value: value === 'manager' ? 'worker' : 'manager' };
  });
}
