//! What a module imports.

use super::positions::LineIndex;
use oxc::ast::ast::{Expression, ImportDeclaration, ImportDeclarationSpecifier, ImportExpression, Program, Statement};
use oxc::ast_visit::{Visit, walk};
use oxc::span::Span;

/// One imported module.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Import {
    /// As written.
    pub(crate) specifier: String,
    /// Of the specifier, from 1.
    pub(crate) line: u32,
    /// From 1.
    pub(crate) column: u32,
    /// `import()`: a failure is the caller's to see when it gets there.
    pub(crate) dynamic: bool,
    /// By `require`.
    pub(crate) required: bool,
    /// What is asked of it by name; `default` is one.
    pub(crate) names: Vec<Imported>,
}

/// A name that an import asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Imported {
    pub(crate) name: String,
    /// From 1.
    pub(crate) line: u32,
    /// From 1.
    pub(crate) column: u32,
}

/// The imports of a program whose types are gone.
pub(super) fn of(program: &Program<'_>, lines: &LineIndex<'_>) -> Vec<Import> {
    let mut imports = Imports { lines, found: Vec::new() };
    for statement in &program.body {
        match statement {
            Statement::ExportFromDeclaration(export) => {
                imports.add(&export.source.value, export.source.span, false);
                for specifier in &export.specifiers {
                    imports.name(&export.source.value, &specifier.local.name(), specifier.span);
                }
            }
            Statement::ExportAllDeclaration(export) => {
                imports.add(&export.source.value, export.source.span, false);
            }
            _ => {}
        }
    }
    imports.visit_program(program);
    imports.found
}

struct Imports<'l> {
    lines: &'l LineIndex<'l>,
    found: Vec<Import>,
}

impl Imports<'_> {
    fn add(&mut self, specifier: &str, span: Span, dynamic: bool) {
        match self.found.iter_mut().find(|import| import.specifier == specifier) {
            Some(known) => known.dynamic &= dynamic,
            None => {
                let (line, column) = self.lines.position(span.start);
                self.found.push(Import {
                    specifier: specifier.to_owned(),
                    line,
                    column,
                    dynamic,
                    required: false,
                    names: Vec::new(),
                });
            }
        }
    }

    fn name(&mut self, specifier: &str, name: &str, span: Span) {
        let (line, column) = self.lines.position(span.start);
        if let Some(import) = self.found.iter_mut().find(|import| import.specifier == specifier) {
            import.names.push(Imported { name: name.to_owned(), line, column });
        }
    }
}

impl<'a> Visit<'a> for Imports<'_> {
    fn visit_import_declaration(&mut self, import: &ImportDeclaration<'a>) {
        self.add(&import.source.value, import.source.span, false);
        for specifier in import.specifiers.iter().flatten() {
            match specifier {
                ImportDeclarationSpecifier::ImportSpecifier(one) => {
                    self.name(&import.source.value, &one.imported.name(), one.span);
                }
                ImportDeclarationSpecifier::ImportDefaultSpecifier(one) => {
                    self.name(&import.source.value, "default", one.span);
                }
                ImportDeclarationSpecifier::ImportNamespaceSpecifier(_) => {}
            }
        }
    }

    fn visit_import_expression(&mut self, import: &ImportExpression<'a>) {
        if let Expression::StringLiteral(source) = &import.source {
            self.add(&source.value, source.span, true);
        }
        walk::walk_import_expression(self, import);
    }
}

#[cfg(test)]
mod tests {
    use super::super::transform::transform;
    use crate::runner::protocol::Module;

    #[test]
    fn imports_are_listed_without_types() {
        let source = "import { a } from './a';\nimport type { T } from './t';\nimport { U } from './u';\nimport * as n from 'n';\n\
                      export * from './e';\nexport { x } from './x';\nexport const y = 1;\nlet z: U; f(a, n, await import('./d'));\n";
        let imports = transform(&Module::new("a.spec.ts", source)).expect("transforms").imports;
        let listed: Vec<_> = imports
            .iter()
            .map(|import| (import.specifier.as_str(), import.line, import.column, import.dynamic))
            .collect();
        let mut expected = [
            ("./a", 1, 19, false),
            ("n", 4, 20, false),
            ("./e", 5, 15, false),
            ("./x", 6, 19, false),
            ("./d", 8, 32, true),
        ];
        expected.sort_unstable();
        let mut listed = listed;
        listed.sort_unstable();
        assert_eq!(listed, expected);
    }
}
