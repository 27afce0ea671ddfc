use super::*;
use crate::runner::worker::bytecode;
use std::sync::{Mutex, mpsc};

/// A facade that tells what it sees: every message of it is `{"t":"log"}`.
const FACADE: &[(&str, &str)] = &[
    ("understudy:facade/index.js", "export const test = 1;"),
    (
        "understudy:facade/main.js",
        "const native = globalThis.__native;
         globalThis.__aw = (promise, name, line, column, file) => promise?.then ? promise.then(undefined, error => {
             error.stack += `    at async ${name || '<anonymous>'} (${file}:${line}:${column})\\n`; throw error;
         }) : promise;
         const log = text => native.send(JSON.stringify({ t: 'log', test: null, level: 'info', text }));
         globalThis.__log = (level, text) => log(text);
         globalThis.__onMessage = text => log(`message ${text}`);
         globalThis.collect = () => native.collectRejections();
         globalThis.deadline = ms => native.deadline(ms);
         globalThis.__facade = {
             begin() {},
             loaded: () => '{\"t\":\"loaded\",\"tests\":[],\"only\":false}',
             loadError: error => JSON.stringify({ message: String(error), stack: native.mapStack(error?.stack ?? '') }),
         };",
    ),
];

/// Keeps what is said; the pipe closes when loading has ended.
#[derive(Clone)]
struct Output {
    said: Arc<Mutex<Vec<u8>>>,
    pipe: Arc<Mutex<Option<mpsc::Sender<Incoming>>>>,
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        if String::from_utf8_lossy(bytes).contains(r#"{"t":"load"#) {
            self.pipe.lock().unwrap().take();
        }
        self.said.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Loads `source` with `others` to be imported, until that has gone well or not; returns what was said.
fn play(source: &str, others: &[(&str, &str)]) -> Vec<ToHost> {
    let (sender, receiver) = mpsc::channel();
    let env = [("SEEN".to_owned(), "yes".to_owned())].into();
    let config = WorkerConfig { env, memory_limit: 32 << 20, ..WorkerConfig::default() };
    let module = |path: &str, source: &str| Source::new(path, source);
    sender.send(Incoming::Load("__load", Box::new(config), module("a.spec.ts", source))).unwrap();
    for (path, source) in others {
        let answer = if source.is_empty() { Err(format!("there is no {path}")) } else { Ok(module(path, source)) };
        sender.send(Incoming::Resolved(answer)).unwrap();
    }
    let output = Output { said: Arc::default(), pipe: Arc::new(Mutex::new(Some(sender))) };
    let said = output.clone();
    let compiled = bytecode::read(bytecode::compile(FACADE).expect("compiles"));
    let engine = move || {
        Engine::new(FACADE, compiled, Arc::new(Limits::new()), Box::new(said), mpsc::channel().1)
            .expect("starts")
            .run(&receiver, Walls::ALL)
    };
    std::thread::Builder::new().stack_size(crate::runner::worker::STACK).spawn(engine).unwrap().join().unwrap();
    let bytes = output.said.lock().unwrap().clone();
    let mut input = bytes.as_slice();
    std::iter::from_fn(|| protocol::read_frame(&mut input).unwrap())
        .map(|json| serde_json::from_slice(&json).unwrap())
        .collect()
}

/// Logs and the end of loading, one a line.
fn told(said: &[ToHost]) -> String {
    let lines: Vec<_> = said
        .iter()
        .filter_map(|message| match message {
            ToHost::Log { text, .. } => Some(text.clone()),
            ToHost::LoadFailed { error } => Some(format!("{}\n{}", error.message, error.stack).trim_end().to_owned()),
            ToHost::Error { error } => Some(error.message.clone()),
            ToHost::Loaded { .. } => Some("loaded".to_owned()),
            ToHost::Resolve { specifier, from, .. } => Some(format!("{from} asks for {specifier}")),
            _ => None,
        })
        .collect();
    lines.join("\n")
}

#[test]
fn files_load_or_say_why_not() {
    let none: &[(&str, &str)] = &[];
    let cases = [
        ("runs", "console.log('hi', { a: [1, 'x'] });", none, "hi { a: [ 1, 'x' ] }\nloaded"),
        ("top-level await", "await new Promise(done => setTimeout(done, 5)); console.log(1);", none, "1\nloaded"),
        (
            "throws",
            "function f(): void { throw new TypeError('no'); }\n\nf();",
            none,
            "TypeError: no\n    at f (a.spec.ts:1:28)\n    at a.spec.ts:3:1",
        ),
        (
            "imports",
            "import { b } from './b'; console.log(b);",
            &[("b.ts", "export const b: string = 'from b';")],
            "a.spec.ts asks for ./b\nfrom b\nloaded",
        ),
        (
            "imports JSON",
            "import b from './b.json'; console.log(b);",
            &[("b.json", "{ \"x\": [1] }")],
            "a.spec.ts asks for ./b.json\n{ x: [ 1 ] }\nloaded",
        ),
        (
            "an import that is not there",
            "import x from './b';\nf(x);",
            &[("./b", "")],
            "a.spec.ts asks for ./b\nError: there is no ./b\n    imported at a.spec.ts:1:15\n    at a.spec.ts:1:15",
        ),
        (
            "a dynamic import that is not there",
            "try { await import('./b') } catch (e) { console.log(e.message) }",
            &[("./b", "")],
            "a.spec.ts asks for ./b\nthere is no ./b\nloaded",
        ),
        (
            "files",
            "import fs from 'fs'; fs;",
            none,
            "Error: Module 'fs' is not available: test code runs without access to files, network and processes. Of Node.js there \
             are: assert, buffer, crypto, events, path, process, stream, timers, timers/promises, url, util\n    imported at a.spec.ts:1:16\n    at a.spec.ts:1:16",
        ),
        (
            "the framework and modules of Node.js",
            "import { test } from '@playwright/test'; import path from 'node:path'; console.log(test, path.join('a', '../b'));",
            none,
            "1 b\nloaded",
        ),
        (
            "a missing export",
            "import { nope } from '@playwright/test'; nope;",
            none,
            "Error: '@playwright/test' has no export 'nope'. Supported: chromium, defineConfig, devices, errors, expect, firefox, \
             mergeExpects, mergeTests, request, selectors, test, webkit\n    at a.spec.ts:1:10",
        ),
        (
            "what others do not export is undefined",
            "import type { T } from './types'; import x, { y, z } from './types'; export { T2 } from './types'; export * from './types';\n\
             console.log(x, y, z)",
            &[("types.ts", "export interface T {}; export type T2 = number; export const z = 1;")],
            "a.spec.ts asks for ./types\nundefined undefined 1\nloaded",
        ),
        (
            "names of old modules and data",
            "import { found, hidden } from './old.js'; import { b } from './data.json'; console.log(found, hidden, b)",
            &[
                ("old.js", "module.exports = make(); function make() { return { found: 1, hidden: 2 }; }"),
                ("data.json", "{ \"b\": [3] }"),
            ],
            "a.spec.ts asks for ./old.js\na.spec.ts asks for ./data.json\n1 2 [ 3 ]\nloaded",
        ),
        (
            "endless await",
            "await new Promise(() => {});",
            none,
            "Error: The file's top-level `await` never ends: nothing is left that could end it.",
        ),
        (
            "recursion",
            "const f = () => f() + 1; try { f() } catch (e) { console.log(e instanceof RangeError || e.message) }",
            none,
            "true\nloaded",
        ),
        (
            "memory",
            "try { const a = []; for (;;) a.push(new Array(1e5).fill(1.5)) } catch (e) { console.log(e.message) }",
            none,
            "out of memory\nloaded",
        ),
        (
            "busy",
            "deadline(50); for (;;);",
            none,
            "Error: The script kept the engine busy beyond its deadline and was stopped.",
        ),
        (
            "busy in jobs",
            "deadline(50); const f = () => Promise.resolve().then(f); f(); await f();",
            none,
            "Error: The script kept the engine busy beyond its deadline and was stopped.",
        ),
    ];
    for (name, source, others, expected) in cases {
        assert_eq!(told(&play(source, others)), expected, "{name}");
    }
}

#[test]
fn stacks_go_on_through_awaits() {
    let source = "async function inner() {\n  await null;\n  throw new Error('deep');\n}\nasync function outer() {\n  await inner();\n}\ntry {\n  await outer();\n} catch (e) {\n  console.log(e);\n}";
    let expected = "Error: deep\n    at inner (a.spec.ts:3:9)\n    at async outer (a.spec.ts:6:3)\n    at async a.spec.ts:9:3\nloaded";
    assert_eq!(told(&play(source, &[])), expected);
}

#[test]
fn scripts_see_what_they_need_and_no_more() {
    let cases = [
        ("process.env.SEEN + process.env.PATH", "yesundefined"),
        ("typeof fetch + typeof __native + typeof std + typeof os", "undefinedundefinedundefinedundefined"),
        ("new URL('../b?x=ä#h', 'http://u:p@h:81/a/c').href", "http://u:p@h:81/b?x=%C3%A4#h"),
        (
            "(u => (u.searchParams.append('q', 'a b&'), u.pathname = '/p q', u.href))(new URL('http://h'))",
            "http://h/p%20q?q=a+b%26",
        ),
        ("[...new URLSearchParams('?a=1&b=%C3%A4+x&a')].join('|')", "a,1|b,ä x|a,"),
        (
            "(() => { try { new URL('nope') } catch (e) { return e.name + e.message + e.code } })()",
            "TypeErrorInvalid URLERR_INVALID_URL",
        ),
        ("new TextDecoder().decode(new TextEncoder().encode('aä😀'))", "aä😀"),
        ("new TextEncoder().encode('ä').join()", "195,164"),
        ("atob(btoa('hello\\xff')) === 'hello\\xff'", "true"),
        (
            "Buffer.from('aä').toString('base64') + Buffer.from('616263', 'hex') + Buffer.concat([Buffer.from('x'), Buffer.alloc(2, 'y')])",
            "YcOkabcxyy",
        ),
        (
            "(() => { const b = Buffer.alloc(8); b.writeUInt32BE(258, 2); return b.readUInt16LE(4) + b.toString('hex') })()",
            "5130000000001020000",
        ),
        (
            "JSON.stringify(structuredClone({ d: new Date(0), m: new Map([[1, { a: [2n] }]]).size, n: [,1] }))",
            r#"{"d":"1970-01-01T00:00:00.000Z","m":1,"n":[null,1]}"#,
        ),
        (
            "(() => { try { structuredClone(() => 1) } catch (e) { return e.name + (e instanceof DOMException) } })()",
            "DataCloneErrortrue",
        ),
        ("/^[0-9a-f-]{36}$/.test(crypto.randomUUID()) && crypto.getRandomValues(new Uint8Array(4)).length", "4"),
        (
            "(() => { const c = new AbortController(); let r; c.signal.addEventListener('abort', e => r = e.type); c.abort(); return r + c.signal.aborted + c.signal.reason.name })()",
            "aborttrueAbortError",
        ),
        (
            "await new Promise(done => { let n = 0; const t = setInterval(() => { if (++n === 3) { clearInterval(t); done(n) } }, 1) })",
            "3",
        ),
        ("await new Promise(done => setTimeout((a, b) => done(a + b), 1, 2, 3))", "5"),
        ("performance.now() < 60000 && Date.now() > performance.timeOrigin - 1", "true"),
        ("(Promise.reject(new Error('lost')), await null, collect().map(String).join())", "Error: lost"),
        (
            "(setTimeout(() => { throw new Error('thrown') }, 1), await new Promise(done => setTimeout(done, 5)), collect().map(String).join())",
            "Error: thrown",
        ),
        ("['b', 'a', 'C', 'z', 'A', '1', ' '].sort((x, y) => x.localeCompare(y)).join('')", " 1aAbCz"),
        ("(1234567.891).toLocaleString() + (1.0005).toLocaleString('en-US')", "1,234,567.8911.001"),
        ("(p => (p.catch(() => {}), collect().length))(Promise.reject(1))", "0"),
    ];
    for (expression, expected) in cases {
        let source = format!("setTimeout(() => {{}}, 1); const value = {expression}; console.log(String(value));");
        let mut told = told(&play(&source, &[]));
        told = told.replace("\nloaded", "");
        assert_eq!(told, expected, "{expression}");
    }
}
