//! What a module exports by name, and what becomes of an import of a name that it does not.

use oxc::allocator::Allocator;
use oxc::ast::ast::{BindingPattern, Declaration, ExportSpecifier, Program, Statement};
use oxc::parser::Parser;
use oxc::span::SourceType;

/// What others may import of a module.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(crate) struct Exports {
    /// `default` is one.
    pub(crate) names: Vec<String>,
    /// `export * from` these.
    pub(crate) from: Vec<String>,
    /// Its value is `module.exports`: what it has by name is known when it has run.
    pub(crate) is_commonjs: bool,
}

/// Of JavaScript that needs no transformation: our own modules.
pub(crate) fn of_source(source: &str) -> Exports {
    let allocator = Allocator::default();
    of(&Parser::new(&allocator, source, SourceType::mjs()).parse().program)
}

/// Of a program that has no types any more.
pub(crate) fn of(program: &Program<'_>) -> Exports {
    let mut exports = Exports::default();
    for statement in &program.body {
        match statement {
            Statement::ExportDeclaration(export) => declared(&export.declaration, &mut exports.names),
            Statement::ExportNamedDeclaration(export) => exports.names.extend(export.specifiers.iter().map(exported)),
            Statement::ExportFromDeclaration(export) => exports.names.extend(export.specifiers.iter().map(exported)),
            Statement::ExportDefaultDeclaration(_) => exports.names.push("default".to_owned()),
            Statement::ExportAllDeclaration(export) => match &export.exported {
                Some(name) => exports.names.push(name.name().to_string()),
                None => exports.from.push(export.source.value.to_string()),
            },
            _ => {}
        }
    }
    exports
}

fn exported(specifier: &ExportSpecifier<'_>) -> String {
    specifier.exported.name().to_string()
}

fn declared(declaration: &Declaration<'_>, names: &mut Vec<String>) {
    match declaration {
        Declaration::VariableDeclaration(variables) => {
            variables.declarations.iter().for_each(|variable| bound(&variable.id, names));
        }
        Declaration::FunctionDeclaration(function) => names.extend(function.id.iter().map(|id| id.name.to_string())),
        Declaration::ClassDeclaration(class) => names.extend(class.id.iter().map(|id| id.name.to_string())),
        _ => {}
    }
}

fn bound(pattern: &BindingPattern<'_>, names: &mut Vec<String>) {
    names.extend(pattern.get_binding_identifiers().iter().map(|identifier| identifier.name.to_string()));
}

/// The line that exports a name of `module.exports`.
pub(crate) fn of_module(name: &str) -> String {
    format!("const __export_{name} = module.exports.{name}; export {{ __export_{name} as {name} }};")
}

/// The line that lets a name be imported which is not there: it is undefined, as in Node.js's older modules, to which the official runner
/// translates. Types that are exported again (`export { Type } from './types'`) are the usual case.
pub(crate) fn missing(name: &str, is_commonjs: bool) -> String {
    let plain = name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '$');
    match (name, is_commonjs) {
        ("default", _) => "export default undefined;".to_owned(),
        (_, true) if plain => of_module(name),
        _ if plain => format!("const __export_{name} = undefined; export {{ __export_{name} as {name} }};"),
        // A name in quotes is too rare to be worth more than the engine's own words.
        _ => String::new(),
    }
}
