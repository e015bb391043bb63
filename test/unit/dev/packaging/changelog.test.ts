import { describe, expect, it } from 'vitest';
import { sectionOf, withAbsoluteLinks } from '../../../../dev/packaging/changelog.ts';

const changelog = `# Changelog

## [Unreleased]

### Added

- Something new.

## [0.2.0] - 2026-12-01

### Added

- A heading in code is none:

\`\`\`md
## [0.1.0] - 2020-01-01
\`\`\`

## [0.2.0-rc.1] - 2026-11-30

- A candidate.

## 0.1.0 - 2026-11-01

- The first.

[Unreleased]: https://example.com/compare
`;

describe('the section of a version in the changelog', () => {
  it('is what stands between its heading and the next, with the code in it', () => {
    expect(sectionOf(changelog, '0.2.0')).toEqual({
      date: '2026-12-01',
      body: '### Added\n\n- A heading in code is none:\n\n```md\n## [0.1.0] - 2020-01-01\n```',
    });
  });

  it('is not that of a version whose name begins alike, nor one with the links at the end', () => {
    expect(sectionOf(changelog, '0.2.0-rc.1')?.body).toBe('- A candidate.');
    expect(sectionOf(changelog, '0.1.0')).toEqual({ date: '2026-11-01', body: '- The first.' });
  });

  it.each(['Unreleased', '0.3.0', '0.2', ''])('is missing for %j, which was not released', (version) => {
    expect(sectionOf(changelog, version)).toBeUndefined();
  });
});

it('links of release notes lead to the files of the tag, other links stay', () => {
  const notes = 'See [docs](docs/swap.md#how), [here](./a.md), [site](https://example.com/x), [above](#top).';
  expect(withAbsoluteLinks(notes, 'https://forge/x/blob/v1')).toBe(
    'See [docs](https://forge/x/blob/v1/docs/swap.md#how), [here](https://forge/x/blob/v1/a.md), [site](https://example.com/x), [above](#top).',
  );
});
