//! Our own modules compiled once and loaded many times: compiling the facade takes tens of milliseconds, loading it a few.
//!
//! Bytecode is trusted blindly by the engine. So it comes from a process that does nothing but compile what is built into this
//! program (`worker compile`), and never from one that has run somebody's test.

use super::modules::Registry;
use super::polyfills;
use rquickjs::loader::bundle::{Bundle, ScaBundleData};
use rquickjs::module::WriteOptions;
use rquickjs::{Context, Module, Runtime};

/// Modules by name, in the engine's own form; for the life of the process.
pub(crate) type Compiled = Bundle<ScaBundleData<&'static [u8]>>;

/// Compiles the polyfills and `facade`; the result is for [`read`].
///
/// # Errors
/// The module that does not compile.
pub(crate) fn compile(facade: &[(&'static str, &'static str)]) -> Result<Vec<u8>, String> {
    let failed = |name: &str, error: rquickjs::Error| format!("{name}: {error}");
    let runtime = Runtime::new().map_err(|error| failed("engine", error))?;
    // Imports are looked for already when a module is compiled.
    let registry = Registry::new(facade, None);
    runtime.set_loader(registry.clone(), registry);
    let context = Context::full(&runtime).map_err(|error| failed("engine", error))?;
    let mut bytes = Vec::new();
    // With the source: fixtures are known by the names in their parameter lists, ours too.
    for (name, source) in polyfills::GLOBALS.iter().chain(polyfills::LIBRARY).chain(facade) {
        let code = context
            .with(|ctx| Module::declare(ctx, *name, *source).and_then(|module| module.write(WriteOptions::default())))
            .map_err(|error| failed(name, error))?;
        for part in [name.as_bytes(), &code] {
            let length = u32::try_from(part.len()).map_err(|error| error.to_string())?;
            bytes.extend_from_slice(&length.to_be_bytes());
            bytes.extend_from_slice(part);
        }
    }
    Ok(bytes)
}

/// What [`compile`] made. The bytes are kept for ever: the engine refers to them.
pub(crate) fn read(bytes: Vec<u8>) -> Option<Compiled> {
    let mut rest: &'static [u8] = bytes.leak();
    let mut modules = Vec::new();
    while !rest.is_empty() {
        let name = std::str::from_utf8(part(&mut rest)?).ok()?;
        modules.push((name, part(&mut rest)?));
    }
    Some(Bundle(modules.leak()))
}

fn part(rest: &mut &'static [u8]) -> Option<&'static [u8]> {
    let (length, after) = rest.split_first_chunk()?;
    let (part, after) = after.split_at_checked(u32::from_be_bytes(*length) as usize)?;
    *rest = after;
    Some(part)
}
