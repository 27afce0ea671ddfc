//! The module graph: everything a spec imports is asked of the host, transformed and known by name before anything is evaluated.

use super::bytecode::Compiled;
use super::exports::{self, Exports};
use super::imports::{Import, Imported};
use super::js;
use super::polyfills::{self, Builtin};
use super::stack::{OWN, Sources};
use super::transform;
use super::uses::Use;
use crate::model::run::TestError;
use crate::runner::protocol::{Module as Source, StepCount, WorkerConfig};
use rquickjs::loader::{ImportAttributes, Loader, Resolver};
use rquickjs::module::Declared;
use rquickjs::{Ctx, Error, Function, Module};
use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;
use url::Url;

/// Modules by name, and what a specifier means in which module.
#[derive(Default)]
pub(crate) struct Graph {
    /// In all of them.
    pub(crate) steps: StepCount,
    code: HashMap<String, String>,
    resolved: HashMap<(String, String), String>,
    exports: HashMap<String, Exports>,
    /// Modules that are functions for `require`, by name.
    functions: HashMap<String, String>,
    /// Why a specifier means nothing in a module.
    refused: HashMap<(String, String), String>,
}

/// Which module is wanted.
pub(crate) struct Question<'q> {
    pub(crate) specifier: &'q str,
    /// The module that asks.
    pub(crate) from: &'q str,
    /// By `require`.
    pub(crate) required: bool,
}

impl Graph {
    /// Adds the entry and everything it imports. `ask` is the host's answer.
    ///
    /// # Errors
    /// The first module that does not parse, or the first import that leads nowhere, with its place and code frame; all members of
    /// Playwright's API that are used and not there, unless `allow_unsupported`.
    pub(crate) fn load(
        &mut self,
        entry: Source,
        sources: &mut Sources,
        config: &WorkerConfig,
        mut ask: impl FnMut(Question<'_>) -> Result<Source, String>,
    ) -> Result<(), Box<TestError>> {
        let has_files = !config.root.is_empty();
        let mut waiting = vec![entry];
        let mut asked = Vec::new();
        let mut absent = Vec::new();
        while let Some(module) = waiting.pop() {
            if self.code.contains_key(&module.path) {
                continue;
            }
            let transformed = transform::transform(&module)?;
            self.steps = self.steps.plus(transformed.steps);
            if !config.allow_unsupported && !module.path.contains("node_modules/") {
                absent.extend(transformed.uses.into_iter().map(|used| (module.clone(), used)));
            }
            for import in &transformed.imports {
                let target = match polyfills::builtin(&import.specifier, has_files) {
                    Some(Builtin::Module(name)) => {
                        has_all(name, &module, import)?;
                        Ok(name.to_owned())
                    }
                    Some(Builtin::Refused(why)) => Err(why),
                    None => {
                        ask(Question { specifier: &import.specifier, from: &module.path, required: import.required })
                            .map(|found| {
                                let path = found.path.clone();
                                waiting.push(found);
                                path
                            })
                    }
                };
                match target {
                    Ok(target) => {
                        asked.extend(import.names.iter().map(|asked| (target.clone(), asked.name.clone())));
                        self.resolved.insert((module.path.clone(), import.specifier.clone()), target);
                    }
                    // It fails when it is reached.
                    Err(why) if import.dynamic => {
                        self.refused.insert((module.path.clone(), import.specifier.clone()), why);
                    }
                    Err(why) => return Err(Box::new(cannot_import(&module, import, &why))),
                }
            }
            if transformed.is_function {
                self.functions.insert(module.path.clone(), transformed.code);
                self.code.insert(module.path.clone(), String::new());
            } else {
                self.code.insert(module.path.clone(), transformed.code);
            }
            self.exports.insert(module.path.clone(), transformed.exports);
            let seen = module.origin.map_or(module.source, |origin| origin.text);
            sources.insert(module.path, seen, transformed.positions, transformed.calls);
        }
        if !absent.is_empty() {
            return Err(Box::new(not_supported(&absent)));
        }
        self.wrap_functions();
        for (target, name) in asked {
            if !self.has(&target, &name, &mut Vec::new()) {
                self.add_missing(&target, name);
            }
        }
        Ok(())
    }

    /// To those that import it a function is a module that calls it. The modules that it may require run before.
    fn wrap_functions(&mut self) {
        let names: Vec<String> = self.functions.keys().cloned().collect();
        for name in names {
            let mut code = String::new();
            let mut seen = vec![name.clone()];
            let mut at = 0;
            while let Some(function) = seen.get(at).cloned() {
                at += 1;
                let targets = self.resolved.iter().filter(|((from, _), _)| *from == function).map(|(_, target)| target);
                for target in targets.cloned().collect::<Vec<_>>() {
                    if seen.contains(&target) {
                        continue;
                    }
                    if self.functions.contains_key(&target) {
                        seen.push(target);
                    } else {
                        let number = seen.len();
                        code.push_str(&format!(
                            "import * as ns{number} from {target:?}; __namespace({target:?}, ns{number}); "
                        ));
                        self.resolved.insert((name.clone(), target.clone()), target.clone());
                        seen.push(target);
                    }
                }
            }
            code.push_str(&format!(
                "const module = {{ exports: __required({name:?}) }};\n\
                 export default module.exports?.__esModule ? module.exports.default : module.exports;\n\
                 export const __commonjs = true; export const __exports = module.exports;\n"
            ));
            let exports = self.exports.entry(name.clone()).or_default();
            exports.is_commonjs = true;
            for exported in exports.names.iter().filter(|exported| *exported != "default") {
                code.push_str(&exports::of_module(exported));
                code.push('\n');
            }
            self.code.insert(name, code);
        }
    }

    /// The code of a function.
    pub(crate) fn function(&self, name: &str) -> Option<&str> {
        self.functions.get(name).map(String::as_str)
    }

    /// What `require` of a text means in a module, and whether it is a function.
    ///
    /// # Errors
    /// Why it means nothing.
    pub(crate) fn required(&self, from: &str, specifier: &str) -> Result<(String, bool), String> {
        let key = (from.to_owned(), specifier.to_owned());
        match (self.resolved.get(&key), self.refused.get(&key)) {
            (Some(target), _) => Ok((target.clone(), self.functions.contains_key(target))),
            (None, Some(why)) => Err(why.clone()),
            (None, None) => Err(format!(
                "Cannot find module '{specifier}': a `require` of what is not written there as a text is not looked for"
            )),
        }
    }

    /// Whether a module exports the name, itself or from others. Our own modules were looked at before.
    fn has<'s>(&'s self, module: &'s str, name: &str, seen: &mut Vec<&'s str>) -> bool {
        let Some(exports) = self.exports.get(module) else { return true };
        if exports.names.iter().any(|one| one == name) || (exports.is_commonjs && name == "default") {
            return true;
        }
        if name == "default" || seen.contains(&module) {
            return false;
        }
        seen.push(module);
        exports.from.iter().any(|specifier| {
            let target = self.resolved.get(&(module.to_owned(), specifier.clone()));
            target.is_some_and(|target| self.has(target, name, seen))
        })
    }

    /// Imports of names that a module does not have are undefined, not an error.
    fn add_missing(&mut self, module: &str, name: String) {
        if let (Some(code), Some(exports)) = (self.code.get_mut(module), self.exports.get_mut(module)) {
            code.push('\n');
            code.push_str(&exports::missing(&name, exports.is_commonjs));
            exports.names.push(name);
        }
    }
}

/// Of our own modules people may only import what is there: a name that comes with a later release is told at once.
fn has_all(own: &str, module: &Source, import: &Import) -> Result<(), Box<TestError>> {
    let mut sources = polyfills::LIBRARY.iter().chain(js::MODULES);
    let Some((_, source)) = sources.find(|(name, _)| *name == own) else { return Ok(()) };
    let exports = exports::of_source(source);
    let Some(Imported { name, line, column }) = import.names.iter().find(|asked| !exports.names.contains(&asked.name))
    else {
        return Ok(());
    };
    let mut known: Vec<_> = exports.names.iter().filter(|name| !name.starts_with('_') && *name != "default").collect();
    known.sort_unstable();
    let known = known.into_iter().map(String::as_str).collect::<Vec<_>>().join(", ");
    let mut error = transform::error_at("Error", &module.path, &module.source, *line, *column, "");
    error.message = format!("Error: '{}' has no export '{name}'. Supported: {known}", import.specifier);
    Err(Box::new(error))
}

fn cannot_import(module: &Source, import: &Import, why: &str) -> TestError {
    let mut error = transform::error_at("Error", &module.path, &module.source, import.line, import.column, "");
    error.message = format!("Error: {why}\n    imported at {}:{}:{}", module.path, import.line, import.column);
    error
}

/// Each member once, with the places where it stands.
fn not_supported(absent: &[(Source, Use)]) -> TestError {
    let mut names: Vec<&Use> = Vec::new();
    for (_, used) in absent {
        if !names.iter().any(|known| known.name == used.name) {
            names.push(used);
        }
    }
    let lines = names.iter().map(|Use { name, why, .. }| {
        let places = absent.iter().filter(|(_, used)| used.name == *name);
        let places: Vec<_> = places.map(|(module, at)| format!("{}:{}:{}", module.path, at.line, at.column)).collect();
        let why = why.map_or(String::new(), |why| format!(" ({why})"));
        format!("\n    {name}{why} at {}", places.join(", "))
    });
    let (module, first) = &absent[0];
    let mut error = transform::error_at("Error", &module.path, &module.source, first.line, first.column, "");
    error.message = format!(
        "Error: used and not supported:{}\n--allow-unsupported runs the tests all the same.",
        lines.collect::<String>()
    );
    error
}

/// The engine's view of a graph and of our own modules.
#[derive(Clone)]
pub(crate) struct Registry {
    own: Rc<HashMap<&'static str, &'static str>>,
    /// The same, ready to run.
    compiled: Option<Compiled>,
    pub(crate) graph: Rc<RefCell<Graph>>,
}

impl Registry {
    /// Of our own modules: polyfills and `facade`, by name and source.
    pub(crate) fn new(facade: &[(&'static str, &'static str)], compiled: Option<Compiled>) -> Self {
        let own = polyfills::GLOBALS.iter().chain(polyfills::LIBRARY).chain(facade).copied().collect();
        Self { own: Rc::new(own), compiled, graph: Rc::default() }
    }
}

impl Resolver for Registry {
    fn resolve<'js>(
        &mut self,
        ctx: &Ctx<'js>,
        base: &str,
        name: &str,
        _attributes: Option<ImportAttributes<'js>>,
    ) -> rquickjs::Result<String> {
        let graph = self.graph.borrow();
        if let Some(path) = graph.resolved.get(&(base.to_owned(), name.to_owned())) {
            return Ok(path.clone());
        }
        // What Rust itself imports has no base.
        if base.starts_with(OWN) || base.is_empty() {
            if graph.code.contains_key(name) || self.own.contains_key(name) {
                return Ok(name.to_owned());
            }
            let joined = join(base, name);
            if self.own.contains_key(joined.as_str()) {
                return Ok(joined);
            }
        }
        // Only a dynamic import comes here: static ones were resolved before.
        let why = match polyfills::builtin(name, true) {
            Some(Builtin::Module(module)) => return Ok(module.to_owned()),
            Some(Builtin::Refused(why)) => why,
            None => graph
                .refused
                .get(&(base.to_owned(), name.to_owned()))
                .cloned()
                .unwrap_or_else(|| format!("Cannot find module '{name}' imported from {base}")),
        };
        drop(graph);
        Err(rquickjs::Exception::throw_message(ctx, &why))
    }
}

impl Loader for Registry {
    fn load<'js>(
        &mut self,
        ctx: &Ctx<'js>,
        name: &str,
        attributes: Option<ImportAttributes<'js>>,
    ) -> rquickjs::Result<Module<'js, Declared>> {
        if let Some(compiled) = &mut self.compiled
            && self.own.contains_key(name)
        {
            return compiled.load(ctx, name, attributes);
        }
        let graph = self.graph.borrow();
        let code = self.own.get(name).copied().or_else(|| graph.code.get(name).map(String::as_str));
        let code = code.ok_or_else(|| Error::new_loading(name))?;
        let module = Module::declare(ctx.clone(), name, code)?;
        if !self.own.contains_key(name) {
            let path = |function: &str| -> rquickjs::Result<String> {
                ctx.globals().get::<_, Function<'js>>(function)?.call((name,))
            };
            let meta = module.meta()?;
            let filename = path("__fileOf")?;
            meta.set("url", Url::from_file_path(&filename).map(String::from).unwrap_or_default())?;
            meta.set("filename", filename)?;
            meta.set("dirname", path("__folderOf")?)?;
        }
        Ok(module)
    }
}

/// `understudy:facade/api/page.js` and `../op.js` → `understudy:facade/op.js`.
fn join(base: &str, relative: &str) -> String {
    let mut parts: Vec<&str> = base.split('/').collect();
    parts.pop();
    for part in relative.split('/') {
        match part {
            "." => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    parts.join("/")
}
