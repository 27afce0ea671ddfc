//! What the author of a failing test reads: the words of V8, the place, the way there through awaits.

use super::support::{play, request};
use understudy::model::run::{RunEvent, TestError};

/// The error of a test with this body, which begins in line 3 of its file.
async fn error_of(body: &str) -> TestError {
    let source =
        format!("import {{ test, expect }} from '@playwright/test';\ntest('t', async () => {{\n{body}\n}});\n");
    let told = play(request(&source)).await;
    let error = told.events.into_iter().find_map(|event| match event {
        RunEvent::TestEnd(attempt) => attempt.errors.into_iter().next(),
        RunEvent::Error(error) => Some(error),
        _ => None,
    });
    error.unwrap_or_else(|| panic!("no error of {body}"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn errors_of_the_engine_have_the_words_of_v8_and_a_place() {
    let cases = [
        ("const o = {};\no.f();", "TypeError: o.f is not a function", 4),
        ("let f;\n\nf();", "TypeError: f is not a function", 5),
        ("const o = {};\nnew o.X();", "TypeError: o.X is not a constructor", 4),
        ("const o = {};\no.a.b();", "TypeError: Cannot read properties of undefined (reading 'b')", 4),
        ("let a;\na.b = 1;", "TypeError: Cannot set properties of undefined (setting 'b')", 4),
        ("const c = 1;\n(c as any) = 2;", "TypeError: Assignment to constant variable.", 4),
        ("x;\nlet x = 1;", "ReferenceError: Cannot access 'x' before initialization", 3),
        ("await 1;\nnope();", "ReferenceError: nope is not defined", 4),
        ("const f = () => f();\nf();", "RangeError: Maximum call stack size exceeded", 3),
        ("const a: any = {};\na.a = a;\nJSON.stringify(a);", "TypeError: Converting circular structure to JSON", 5),
        (
            "let list;\nconst [first] = list;",
            "TypeError: undefined is not iterable (cannot read property Symbol(Symbol.iterator))",
            4,
        ),
        (
            "let page;\nif (!page) {\n  const { url, title } = page;\n}",
            "TypeError: Cannot convert undefined or null to object",
            5,
        ),
        (
            "class P {\n  items: any;\n  first() {\n    const n = 1;\n    return this.items[0].name;\n  }\n}\nnew P().first();",
            "TypeError: Cannot read properties of undefined (reading '0')",
            7,
        ),
        ("const o: any = { a: { f: 1 } };\no.a\n  .f();", "TypeError: o.a.f is not a function", 5),
        ("\n\n[1].map(5);", "TypeError: The argument of map is not a function", 5),
        ("\nJSON.parse('{a');", "SyntaxError: Expected property name or '}' in JSON at position 1", 4),
    ];
    for (body, message, line) in cases {
        let error = error_of(body).await;
        assert_eq!(error.message, message, "{body}");
        assert_eq!(error.location.as_ref().map(|at| (at.file.as_str(), at.line)), Some(("a.spec.ts", line)), "{body}");
        let marked =
            |frame: &str| frame.lines().any(|text| text.starts_with('>') && text.contains(&format!(" {line} | ")));
        assert!(error.snippet.as_deref().is_some_and(marked), "{body}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tests_see_the_same_words_as_reports() {
    let bodies = [
        "try { null.x } catch (e) { throw new Error(e.message) }",
        "await (async () => null.x)().then(() => {}, () => {}); try { await (async () => null.x)() } catch ({ message }) { throw new Error(message) }",
        "expect(() => null.x).toThrow('#')",
    ];
    let words = "Cannot read properties of null (reading 'x')";
    for body in bodies {
        let error = error_of(body).await;
        assert!(error.message.contains(words), "{body}: {error:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn stacks_lead_through_awaits_to_the_test() {
    let body = "  const inner = async (x?: { y: number }) => {\n    await null;\n    return x!.y;\n  };\n\
                \x20 class Page {\n    async open(): Promise<number> {\n      return await inner();\n    }\n  }\n\
                \x20 await test.step('open', async () => {\n    await new Page().open();\n  });";
    let error = error_of(body).await;
    assert_eq!(error.message, "TypeError: Cannot read properties of undefined (reading 'y')");
    let expected = "    at inner (a.spec.ts:5:12)\n    at async open (a.spec.ts:9:14)\n    at async a.spec.ts:13:5\n    at async a.spec.ts:12:3";
    assert_eq!(error.stack, expected);
    let frame = "  3 |   const inner = async (x?: { y: number }) => {\n  4 |     await null;\n> 5 |     return x!.y;\n    |            ^\n\
                 \x20 6 |   };\n  7 |   class Page {\n  8 |     async open(): Promise<number> {";
    assert_eq!(error.snippet.as_deref(), Some(frame));
}
