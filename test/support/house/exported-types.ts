import { parseSync, Visitor } from 'rolldown/utils';

/** The types, interfaces and classes that a source text exports by declaration. */
export function exportedTypes(file: string, text: string): readonly string[] {
  const names: string[] = [];
  new Visitor({
    ExportNamedDeclaration({ declaration }) {
      switch (declaration?.type) {
        case 'TSInterfaceDeclaration':
        case 'TSTypeAliasDeclaration':
        case 'ClassDeclaration':
          if (declaration.id) names.push(declaration.id.name);
          return;
        default:
      }
    },
  }).visit(parseSync(file, text).program);
  return names;
}
