//! What a spec may import: files, packages of `node_modules`, modules of Node.js. Needs Chromium only to be there.

use super::support::Folder;

const IMPORT: &str = "import { test, expect } from '@playwright/test';\n";

/// The spec passes in a folder with these files.
#[track_caller]
fn passes(files: &[(&str, &str)], imports: &str, body: &str) {
    let spec = format!("{IMPORT}{imports}\ntest('it', async () => {{ {body} }});\n");
    let folder = Folder::with(&[files, &[("tests/a.spec.ts", spec.as_str())]].concat());
    folder.run(&["run"]).has(0, &["1 passed"]);
}

#[test]
fn files_are_imported_as_people_write_it() {
    let files = [
        ("tsconfig.json", "{ \"extends\": \"./base.json\", /* x */ }"),
        ("base.json", "{ \"compilerOptions\": { \"baseUrl\": \".\", \"paths\": { \"@pages/*\": [\"pages/*\"] } } }"),
        (
            "pages/login.ts",
            "export class Login { constructor(private readonly name: string) {} get title() { return this.name; } }",
        ),
        ("pages/index.tsx", "export * from './login'; export type { T } from './types';"),
        ("pages/types.ts", "export type T = string;"),
        ("data/users.json", "{ \"admin\": { \"name\": \"Ada\" }, \"default\": 1 }"),
        (
            "data/old.cjs",
            "const { admin } = require('./users.json'); exports.admin = admin; exports.here = __dirname; exports.self = module.filename;",
        ),
        (
            "data/new.mjs",
            "export const where = import.meta.url; export const { dirname, filename } = import.meta; export default 5;",
        ),
    ];
    passes(
        &files,
        "import { Login } from '@pages/login';\nimport * as pages from '../pages';\nimport users, { admin } from '../data/users.json';\n\
         import old from '../data/old.cjs';\nimport five, { where, dirname, filename } from 'data/new.mjs';\nimport path from 'path';",
        "expect(new Login('x').title).toBe('x'); expect(pages.Login).toBe(Login); expect(users.admin).toBe(admin); \
         expect(old.admin.name).toBe('Ada'); expect(old.here).toBe(path.join(__dirname, '../data')); expect(old.self).toBe(old.here + '/old.cjs'); \
         expect(five).toBe(5); expect(where).toBe('file://' + filename); expect(dirname).toBe(old.here); \
         expect(process.cwd()).toBe(path.dirname(old.here)); expect(__filename).toBe(process.cwd() + '/tests/a.spec.ts');",
    );
}

#[test]
fn packages_of_pure_javascript_are_found() {
    let files = [
        ("node_modules/old/package.json", "{ \"main\": \"lib\" }"),
        (
            "node_modules/old/lib/index.js",
            "function old(n) { return n + 1; }\nold.late = later;\nfunction later() { return require('./later').value; }\n\
             Object.assign(old, { hidden: 3 });\nif (process.env.NEVER) require('child_process');\n\
             try { require('not-there'); } catch (error) { old.code = error.code; }\n\
             old.sloppy = (function () { return this === globalThis; })();\nold.own = this === exports;\nmodule.exports = old;",
        ),
        (
            "node_modules/old/lib/later.js",
            "exports.value = require('./round').value + require('path').basename('/x/y').length;",
        ),
        ("node_modules/old/lib/round.js", "exports.value = 40; exports.back = require('./later');"),
        (
            "node_modules/@s/both/package.json",
            "{ \"exports\": { \".\": { \"import\": \"./i.mjs\", \"require\": \"./r.cjs\" }, \"./parts/*\": \"./p/*.js\" } }",
        ),
        ("node_modules/@s/both/i.mjs", "export default 'import';"),
        (
            "node_modules/@s/both/r.cjs",
            "Object.defineProperty(exports, '__esModule', { value: true }); exports.default = 'require';",
        ),
        ("node_modules/@s/both/p/one.js", "exports.one = 1;"),
        (
            "node_modules/new/package.json",
            "{ \"type\": \"module\", \"exports\": \"./n.js\", \"imports\": { \"#own\": \"./own.js\" } }",
        ),
        (
            "node_modules/new/n.js",
            "import own from '#own'; import which from '@s/both'; import { hidden } from 'old'; export { own, which, hidden };",
        ),
        ("node_modules/new/own.js", "export default 'own';"),
    ];
    passes(
        &files,
        "import old, { hidden } from 'old';\nimport * as all from 'old';\nimport which from '@s/both';\nimport { one } from '@s/both/parts/one';\n\
         import { own, which as other, hidden as same } from 'new';",
        "expect(old(1)).toBe(2); expect(hidden).toBe(3); expect(all.hidden).toBe(3); expect(all.default).toBe(old); expect(old.late()).toBe(41); \
         expect(old.code).toBe('MODULE_NOT_FOUND'); expect(old.sloppy).toBe(true); expect(old.own).toBe(true); expect(which).toBe('require'); \
         expect(one).toBe(1); expect([own, other, same]).toEqual(['own', 'import', 3]);",
    );
}

#[test]
fn what_needs_nodejs_is_refused_with_a_way_out() {
    let cases = [
        (
            "import x from 'native';",
            "Cannot find module 'native': it is a native addon",
            "`--runner node` runs these tests there",
        ),
        (
            "import http from 'node:http';",
            "Module 'node:http' is not available",
            "`--runner node` runs these tests with it",
        ),
        ("import x from 'lodash';", "Cannot find module 'lodash'", "in no node_modules from here upwards"),
        ("import x from 'part/inner';", "Cannot find module 'part/inner'", "it does not hand out this part"),
        ("import x from 'uses';", "Module 'child_process' is not available", "at node_modules/uses/index.js:1"),
    ];
    for (import, first, second) in cases {
        let spec = format!("{IMPORT}{import}\ntest('it', () => {{ console.log(x); }});\n");
        let spec = spec.replace("import http", "import x");
        let folder = Folder::with(&[
            ("a.spec.ts", spec.as_str()),
            ("node_modules/native/package.json", "{ \"main\": \"build/x.node\" }"),
            ("node_modules/native/build/x.node", ""),
            ("node_modules/part/package.json", "{ \"exports\": \"./x.js\" }"),
            ("node_modules/uses/index.js", "const child = require('child_process'); exports.x = child;"),
        ]);
        folder.run(&["run"]).has(2, &[first, second]);
    }
}

#[test]
fn files_are_read_and_written_where_they_may_be() {
    passes(
        &[("data/a.txt", "hé")],
        "import fs, { readFileSync } from 'node:fs';\nimport { readFile, rm } from 'fs/promises';\nimport os from 'os';\nimport path from 'path';\n\
         import { createHash, createHmac } from 'crypto';\nimport { promisify } from 'util';",
        "expect(readFileSync('data/a.txt', 'utf8')).toBe('hé'); expect(readFileSync(path.join(__dirname, '../data/a.txt')).length).toBe(3); \
         expect(await readFile(new URL('file://' + process.cwd() + '/data/a.txt'), { encoding: 'utf8' })).toBe('hé'); \
         fs.mkdirSync('new/deep', { recursive: true }); fs.writeFileSync('new/deep/b.json', JSON.stringify({ b: 1 })); fs.appendFileSync('new/deep/b.json', '\\n'); \
         expect(fs.readdirSync('new', { recursive: true })).toEqual(['deep', 'deep/b.json']); expect(fs.statSync('new/deep').isDirectory()).toBe(true); \
         fs.copyFileSync('new/deep/b.json', 'new/c.json'); fs.renameSync('new/c.json', 'new/d.json'); expect(fs.existsSync('new/d.json')).toBe(true); \
         expect(await promisify(fs.stat)('new/d.json')).toMatchObject({ size: 8 }); await rm('new', { recursive: true }); expect(fs.existsSync('new')).toBe(false); \
         expect(() => readFileSync('none')).toThrow(expect.objectContaining({ code: 'ENOENT', message: expect.stringContaining('ENOENT: no such file or directory, open') })); \
         expect(() => fs.writeFileSync('/etc/understudy', '')).toThrow(/EACCES/); const own = fs.mkdtempSync(path.join(os.tmpdir(), 'a-')); \
         fs.rmdirSync(own); \
         expect(createHash('sha256').update('a').update('b').digest('hex')).toBe('fb8e20fc2e4c3f248c60c39bd652f3c1347298bb977b8b4d5903b85055620603'); \
         expect(createHmac('sha1', 'key').update('The quick brown fox jumps over the lazy dog').digest('hex')).toBe('de7c9b85b8b78aa6bc8a7a36f70a90701c9db4d9'); \
         expect(createHash('md5').update('').digest('hex')).toBe('d41d8cd98f00b204e9800998ecf8427e');",
    );
}
