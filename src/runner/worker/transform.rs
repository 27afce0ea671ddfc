//! TypeScript or JavaScript → what QuickJS runs, with what is needed to speak of it in terms of the original: a table of
//! positions, the list of imports, and every `await` wrapped so that stacks go on through it.

use super::await_chain;
use super::calls::Calls;
use super::commonjs;
use super::count;
use super::exports::{self, Exports};
use super::imports::{self, Import};
use super::positions::{LineIndex, Mapping, PositionMap};
use super::stack::snippet;
use super::uses::{self, Use};
use crate::model::run::{Location, TestError};
use crate::runner::protocol::{Module, StepCount};
use oxc::allocator::Allocator;
use oxc::ast::ast::{ImportDeclarationSpecifier, Program, Statement};
use oxc::codegen::{Codegen, CodegenOptions};
use oxc::diagnostics::OxcDiagnostic;
use oxc::parser::Parser;
use oxc::semantic::SemanticBuilder;
use oxc::span::SourceType;
use oxc::transformer::{HelperLoaderMode, TransformOptions, Transformer};
use std::fmt::Write as _;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

/// A module ready for the engine.
#[derive(Debug)]
pub(crate) struct Transformed {
    /// JavaScript.
    pub(crate) code: String,
    /// Back to the original.
    pub(crate) positions: PositionMap,
    /// Places of its calls, in the original.
    pub(crate) calls: Calls,
    /// What it imports, in order, each specifier once.
    pub(crate) imports: Vec<Import>,
    /// What others may import of it.
    pub(crate) exports: Exports,
    /// What it uses of the API and is not there.
    pub(crate) uses: Vec<Use>,
    /// How many steps it has.
    pub(crate) steps: StepCount,
    /// The code is a function for `require`, see [`commonjs`].
    pub(crate) is_function: bool,
}

/// Transforms one module. The ending of its path says what it is.
///
/// # Errors
/// A syntax error with line, column and code frame.
pub(crate) fn transform(module: &Module) -> Result<Transformed, Box<TestError>> {
    let Module { path, source, origin } = module;
    if path.ends_with(".json") && origin.is_none() {
        return json(path, source);
    }
    // A type argument is no JSX: `<T>(x)` in `.js` is rare, JSX in a spec of a `.js` project is not; `.ts` has none.
    let source_type = SourceType::from_path(path).unwrap_or_else(|_| SourceType::ts());
    let done = unharmed(module, source_type.with_module(true));
    // What is no module may be sloppy.
    match done {
        Err(error) if path.ends_with("js") => unharmed(module, source_type.with_script(true)).map_err(|_| error),
        done => done,
    }
}

/// As [`of_kind`], and texts over which the parser panics are refused too: it counts past the end of names such as `"\\u1"`.
fn unharmed(module: &Module, source_type: SourceType) -> Result<Transformed, Box<TestError>> {
    catch_unwind(AssertUnwindSafe(|| of_kind(module, source_type))).unwrap_or_else(|_| {
        Err(Box::new(error_at("SyntaxError", &module.path, &module.source, 1, 1, "This file cannot be read")))
    })
}

fn of_kind(module: &Module, source_type: SourceType) -> Result<Transformed, Box<TestError>> {
    let Module { path, source, origin } = module;
    let lines = LineIndex::new(source).made_of(origin.as_ref());
    let seen = origin.as_ref().map_or(source, |origin| &origin.text);
    let refuse = |diagnostics: &[OxcDiagnostic]| Err(Box::new(syntax_error(path, seen, &lines, diagnostics)));
    let allocator = Allocator::default();
    let parsed = Parser::new(&allocator, source, source_type).parse();
    if !parsed.diagnostics.is_empty() {
        return refuse(&parsed.diagnostics);
    }
    let mut program = parsed.program;
    let semantic = SemanticBuilder::new().with_check_syntax_error(true).with_enum_eval(true).build(&program);
    if !semantic.diagnostics.is_empty() {
        return refuse(&semantic.diagnostics);
    }
    let scoping = semantic.semantic.into_scoping();
    // All calls of what was made of something else stand in one place.
    let calls = if origin.is_some() { Calls::default() } else { Calls::of(&program, &lines) };
    let uses = uses::of(&program, &scoping, &lines);
    let steps = count::of(&program);
    let mut required = Vec::new();
    let mut wrapping =
        commonjs::rewrite(&allocator, path, &scoping, &mut program, &mut required, |at| lines.position(at));
    let mut options = TransformOptions::from_target("esnext").unwrap_or_default();
    options.helper_loader.mode = HelperLoaderMode::External;
    options.decorator.legacy = true;
    let transformed = Transformer::new(&allocator, Path::new(path), &options).build_with_scoping(scoping, &mut program);
    if !transformed.diagnostics.is_empty() {
        return refuse(&transformed.diagnostics);
    }
    let mut imports = imports::of(&program, &lines);
    required.retain(|import| !imports.iter().any(|known| known.specifier == import.specifier));
    imports.append(&mut required);
    let mut exports = exports::of(&program);
    exports.is_commonjs = wrapping.is_commonjs();
    rename_stars(&allocator, &mut program, &mut wrapping.before);
    await_chain::wrap(&allocator, &lines, path, &mut program);
    let options = CodegenOptions { source_map_path: Some(path.into()), ..CodegenOptions::default() };
    let built = Codegen::new().with_options(options).build(&program);
    let before = u32::try_from(wrapping.before.encode_utf16().count()).unwrap_or_default();
    let positions = PositionMap::new(built.map.iter().flat_map(|map| map.get_tokens()).map(|token| Mapping {
        generated: match token.get_dst_line() {
            0 => (1, token.get_dst_col() + 1 + before),
            line => (line + 1, token.get_dst_col() + 1),
        },
        original: lines.seen(token.get_src_line() + 1, token.get_src_col() + 1),
    }));
    let code = format!("{}{}{}", wrapping.before, built.code, wrapping.after);
    exports.names.extend(wrapping.names);
    Ok(Transformed { code, positions, calls, imports, exports, uses, steps, is_function: wrapping.is_function })
}

/// A JSON file is a module whose default export is its value.
fn json(path: &str, source: &str) -> Result<Transformed, Box<TestError>> {
    if let Err(error) = serde_json::from_str::<serde::de::IgnoredAny>(source) {
        let (line, column) = (u32::try_from(error.line()).unwrap_or(1), u32::try_from(error.column()).unwrap_or(1));
        let message = error.to_string();
        let message = message.rsplit_once(" at line").map_or(message.as_str(), |(what, _)| what);
        return Err(Box::new(error_at("SyntaxError", path, source, line, column, message)));
    }
    // Valid JSON is a valid expression since ES2019.
    let code = format!("{}module.exports = {source}{}", commonjs::BEFORE, commonjs::AFTER);
    let exports = Exports { is_commonjs: true, ..Exports::default() };
    Ok(Transformed {
        code,
        positions: PositionMap::default(),
        calls: Calls::default(),
        imports: Vec::new(),
        exports,
        uses: Vec::new(),
        steps: StepCount::default(),
        is_function: true,
    })
}

/// `import * as x` of a module of the old way is all that `module.exports` has when it has run, whatever can be seen in its text:
/// `const x = __wildcard(__star0)`.
fn rename_stars<'a>(allocator: &'a Allocator, program: &mut Program<'a>, before: &mut String) {
    let mut number = 0;
    for statement in &mut program.body {
        let Statement::ImportDeclaration(import) = statement else { continue };
        for specifier in import.specifiers.iter_mut().flatten() {
            if let ImportDeclarationSpecifier::ImportNamespaceSpecifier(star) = specifier {
                let _ = write!(before, "const {} = __wildcard(__star{number}); ", star.local.name);
                star.local.name = allocator.alloc_str(&format!("__star{number}")).into();
                number += 1;
            }
        }
    }
}

fn syntax_error(path: &str, source: &str, lines: &LineIndex, diagnostics: &[OxcDiagnostic]) -> TestError {
    let Some(first) = diagnostics.first() else { return TestError::default() };
    let offset = first.labels.first().map_or(0, |label| label.offset());
    let (line, column) = lines.position(u32::try_from(offset as usize).unwrap_or(0));
    let mut message = first.message.to_string();
    if let Some(help) = &first.help {
        message.push_str("\n  ");
        message.push_str(help);
    }
    error_at("SyntaxError", path, source, line, column, &message)
}

/// An error about the text of a file: `SyntaxError: a.spec.ts: Unexpected token (3:5)`, and the code frame.
pub(crate) fn error_at(name: &str, path: &str, source: &str, line: u32, column: u32, what: &str) -> TestError {
    let (first, rest) = what.split_once('\n').map_or((what, String::new()), |(a, b)| (a, format!("\n{b}")));
    TestError {
        message: format!("{name}: {path}: {first} ({line}:{column}){rest}"),
        stack: format!("    at {path}:{line}:{column}"),
        location: Some(Location { file: path.to_owned(), line, column }),
        snippet: Some(snippet(source, line, column)).filter(|text| !text.is_empty()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(source: &str) -> String {
        transform(&Module::new("a.spec.ts", source)).expect("transforms").code
    }

    #[test]
    fn typescript_is_taken_away_and_awaits_are_wrapped() {
        let cases = [
            ("types", "const a: number = 1 as any;", "const a = 1;\n"),
            ("patterns stay", "f(async ({ page, context: c }) => {});", "f(async ({ page, context: c }) => {});\n"),
            ("await", "await f(x)", "await __aw(f(x), \"\", 1, 1, \"a.spec.ts\");\n"),
            (
                "members of members",
                "f(a.b.c().d, x.y, z?.a.b, a.b = 1)",
                "f(a.b[undefined, \"c\"]().d, x.y, z?.a.b, a.b = 1);\n",
            ),
            (
                "names and columns in UTF-16",
                "async function go() { '😀'; await f() }",
                "async function go() {\n\t\"😀\";\n\tawait __aw(f(), \"go\", 1, 29, \"a.spec.ts\");\n}\n",
            ),
            (
                "methods",
                "class P { async m() { await 1 } }",
                "class P {\n\tasync m() {\n\t\tawait __aw(1, \"m\", 1, 23, \"a.spec.ts\");\n\t}\n}\n",
            ),
            (
                "arrows",
                "const go = async () => { await 1 }",
                "const go = async () => {\n\tawait __aw(1, \"go\", 1, 26, \"a.spec.ts\");\n};\n",
            ),
            (
                "parameter properties",
                "class P { constructor(private x: X) {} }",
                "class P {\n\tx;\n\tconstructor(x) {\n\t\tthis.x = x;\n\t}\n}\n",
            ),
            (
                "enums",
                "enum E { A = 1 } f(E.A)",
                "var E = /* @__PURE__ */ function(E) {\n\tE[E[\"A\"] = 1] = \"A\";\n\treturn E;\n}(E || {});\nf(E.A);\n",
            ),
        ];
        for (name, source, expected) in cases {
            assert_eq!(code(source), expected, "{name}");
        }
    }

    #[test]
    fn old_modules_become_new_ones() {
        let cases = [
            (
                "const { test } = require('@playwright/test'); const x = require('./x');",
                "(function (exports, require, module, __filename, __dirname) {\
                 undefined;\nconst { test } = require(\"@playwright/test\");\nconst x = require(\"./x\");\n\n})",
            ),
            (
                "import 'c'; exports.a = 1; module.exports = { b };",
                "const module = { exports: {} }; let exports = module.exports; import \"c\";\nexports.a = 1;\nmodule.exports = { b };\n\n\
                 export default module.exports;\nexport const __commonjs = true;\n\
                 const __export_a = module.exports.a; export { __export_a as a };\n\
                 const __export_b = module.exports.b; export { __export_b as b };\n",
            ),
            (
                "f(__dirname)",
                "const __filename = __fileOf(\"a.spec.ts\"), __dirname = __folderOf(\"a.spec.ts\"); f(__dirname);\n",
            ),
            ("import 'c'; f(require.resolve('./x'))", "import \"c\";\nf(__resolveFrom(\"a.spec.ts\", \"./x\"));\n"),
            ("function f(require) { require('x'); }", "function f(require) {\n\trequire(\"x\");\n}\n"),
        ];
        for (source, expected) in cases {
            assert_eq!(code(source), expected, "{source}");
        }
        let imports = transform(&Module::new("a.spec.ts", "f();\nrequire('./x');")).expect("transforms").imports;
        assert_eq!(
            imports,
            [Import {
                specifier: "./x".to_owned(),
                line: 2,
                column: 9,
                dynamic: true,
                required: true,
                names: Vec::new()
            }]
        );
    }

    #[test]
    fn positions_lead_back() {
        let source = "type T = {\n  a: 1;\n};\nfunction f(): never {\n  throw new Error('x');\n}\n";
        let transformed = transform(&Module::new("a.spec.ts", source)).expect("transforms");
        let line = transformed.code.lines().position(|line| line.contains("throw")).expect("is there") + 1;
        assert_eq!(transformed.positions.original(u32::try_from(line).unwrap(), 8), (5, 9));
    }

    #[test]
    fn syntax_errors_say_where() {
        let cases = [
            ("a.spec.ts", "const a = ;\n", "SyntaxError: a.spec.ts: Unexpected token (1:11)", (1, 11)),
            (
                "a.spec.ts",
                "let a;\nlet a;\n",
                "SyntaxError: a.spec.ts: Identifier `a` has already been declared (1:5)",
                (1, 5),
            ),
            (
                "a.spec.ts",
                "import { \"b\\\\u1\" as b } from 'b'",
                "SyntaxError: a.spec.ts: This file cannot be read (1:1)",
                (1, 1),
            ),
            ("a.json", "{\n  \"a\": x\n}", "SyntaxError: a.json: expected value (2:8)", (2, 8)),
        ];
        for (path, source, message, (line, column)) in cases {
            let error = transform(&Module::new(path, source)).expect_err("is refused");
            assert_eq!(error.message.lines().next(), Some(message));
            assert_eq!(error.location, Some(Location { file: path.to_owned(), line, column }));
            assert!(error.snippet.as_ref().is_some_and(|text| text.contains(&format!("> {line} |"))), "{error:?}");
        }
    }
}
