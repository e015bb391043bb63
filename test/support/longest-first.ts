import { BaseSequencer, type TestSpecification } from 'vitest/node';

/**
 * The order of the test files within a project: those that take longest first. One of them that starts last runs alone,
 * and the other workers have nothing to do meanwhile. Of a file that never ran here, Vitest knows only its size, and the
 * contract suites are imported by small files.
 */
export const longestFiles = [
  'test/contract/plane-stream.test.ts',
  'test/contract/plane-splice.test.ts',
  'test/contract/splice.test.ts',
  'test/contract/stream.test.ts',
  'test/docker/examples.test.ts',
  'test/docker/inside.test.ts',
  'test/docker/databases.test.ts',
  'test/docker/demo.test.ts',
] as const;

export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const projects = [...new Set(sorted.map(({ project }) => project.name))];
    const rankOf = ({ moduleId }: TestSpecification): number => {
      const rank = longestFiles.findIndex((file) => moduleId.endsWith(`/${file}`));
      return rank === -1 ? longestFiles.length : rank;
    };
    return sorted.toSorted(
      (one, other) =>
        projects.indexOf(one.project.name) - projects.indexOf(other.project.name) || rankOf(one) - rankOf(other),
    );
  }
}
