//! `__native`: what scripts (the facade and the polyfills, no one else) may ask of Rust. Every function parses, calls, maps,
//! and does nothing else. No handle of the engine is ever kept here.

use super::engine::{Answer, Shared};
use super::explain::explain;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use rquickjs::context::EvalOptions;
use rquickjs::prelude::{Func, Opt};
use rquickjs::{Ctx, Exception, Object, Result, TypedArray, Value};
use sha1::{Digest, Sha1};
use std::rc::Rc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use url::Url;

/// Makes `globalThis.__native`.
pub(crate) fn install(ctx: &Ctx<'_>, shared: &Rc<Shared>) -> Result<()> {
    let native = Object::new(ctx.clone())?;
    messages(&native, shared)?;
    clocks(&native, shared)?;
    stacks(&native, shared)?;
    bytes(&native)?;
    urls(&native)?;
    modules(&native, shared)?;
    files(&native, shared)?;
    memory(&native, shared)?;
    locales(&native, shared)?;
    ctx.globals().set("__native", native)
}

fn messages(native: &Object<'_>, shared: &Rc<Shared>) -> Result<()> {
    let it = shared.clone();
    native.set(
        "send",
        Func::from(move |ctx: Ctx<'_>, text: String| {
            it.send(text.as_bytes()).map_err(|error| Exception::throw_range(&ctx, &error.to_string()))
        }),
    )?;
    let it = shared.clone();
    native.set("loadEnded", Func::from(move || it.load_ended()))
}

fn clocks(native: &Object<'_>, shared: &Rc<Shared>) -> Result<()> {
    let it = shared.clone();
    native.set(
        "setTimeout",
        Func::from(move |id: u32, ms: f64, repeat: bool| {
            it.timers.borrow_mut().start(id, milliseconds(ms), repeat);
        }),
    )?;
    let it = shared.clone();
    native.set("clearTimeout", Func::from(move |id: u32| it.timers.borrow_mut().stop(id)))?;
    let it = shared.clone();
    native.set("now", Func::from(move || it.limits.elapsed().as_secs_f64() * 1000.0))?;
    native.set(
        "wallTime",
        Func::from(|| SystemTime::now().duration_since(UNIX_EPOCH).map_or(0.0, |since| since.as_secs_f64() * 1000.0)),
    )?;
    let it = shared.clone();
    native.set(
        "deadline",
        Func::from(move |ms: f64| {
            it.limits.set_deadline((ms > 0.0).then(|| milliseconds(ms)));
        }),
    )
}

/// A script's idea of a duration; what is no number is none.
fn milliseconds(ms: f64) -> Duration {
    Duration::try_from_secs_f64(ms.max(0.0) / 1000.0).unwrap_or_default()
}

fn stacks(native: &Object<'_>, shared: &Rc<Shared>) -> Result<()> {
    let it = shared.clone();
    native.set("mapStack", Func::from(move |stack: String| it.sources.borrow().map_stack(&stack)))?;
    let it = shared.clone();
    native.set(
        "explain",
        Func::from(move |message: String, stack: String| explain(&it.sources.borrow(), &message, &stack)),
    )?;
    let it = shared.clone();
    native.set(
        "snippet",
        Func::from(move |file: String, line: u32, column: u32| it.sources.borrow().snippet(&file, line, column)),
    )?;
    let it = shared.clone();
    native.set("sources", Func::from(move || it.sources.borrow().as_json()))
}

fn bytes(native: &Object<'_>) -> Result<()> {
    native.set("randomUUID", Func::from(|| uuid::Uuid::new_v4().to_string()))?;
    native.set(
        "randomBytes",
        Func::from(|size: usize| {
            let mut bytes = Vec::with_capacity(size.min(1 << 16) + 16);
            while bytes.len() < size.min(1 << 16) {
                // The first eight of a version 4 UUID's bytes that are random throughout.
                let random = uuid::Uuid::new_v4().into_bytes();
                bytes.extend(random[..6].iter().chain(&random[9..]));
            }
            bytes.truncate(size);
            STANDARD.encode(bytes)
        }),
    )?;
    native.set(
        "sha1",
        Func::from(|text: String| Sha1::digest(text).iter().map(|byte| format!("{byte:02x}")).collect::<String>()),
    )?;
    native.set("digest", Func::from(digest))?;
    native.set("utf8Encode", Func::from(utf8_encode))?;
    // Bytes come as text of one character each: the engine's arrays cannot be read without unsafe code.
    native.set("utf8Decode", Func::from(|text: String| String::from_utf8_lossy(&latin1(&text)).into_owned()))?;
    native.set("base64Encode", Func::from(|text: String| STANDARD.encode(latin1(&text))))?;
    native.set("base64Decode", Func::from(base64_decode))
}

/// Of base64 as base64, with a key as HMAC; undefined for another algorithm.
fn digest<'js>(ctx: Ctx<'js>, algorithm: String, data: String, key: Option<String>) -> Result<Value<'js>> {
    let bytes = |text: &str| STANDARD.decode(text).unwrap_or_default();
    let (data, key) = (bytes(&data), key.as_deref().map(bytes));
    let result = match algorithm.as_str() {
        "md5" => hashed::<md5::Md5>(&data, key, 64),
        "sha1" => hashed::<Sha1>(&data, key, 64),
        "sha256" => hashed::<sha2::Sha256>(&data, key, 64),
        "sha384" => hashed::<sha2::Sha384>(&data, key, 128),
        "sha512" => hashed::<sha2::Sha512>(&data, key, 128),
        _ => return Ok(Value::new_undefined(ctx)),
    };
    rquickjs::String::from_str(ctx, &STANDARD.encode(result)).map(rquickjs::String::into_value)
}

/// RFC 2104 where there is a key; `block` is what the algorithm takes at once, bytes.
fn hashed<D: Digest>(data: &[u8], key: Option<Vec<u8>>, block: usize) -> Vec<u8> {
    let Some(key) = key else { return D::digest(data).to_vec() };
    let mut padded = if key.len() > block { D::digest(&key).to_vec() } else { key };
    padded.resize(block, 0);
    let pad = |with: u8| padded.iter().map(|byte| byte ^ with).collect::<Vec<u8>>();
    let inner = D::new().chain_update(pad(0x36)).chain_update(data).finalize();
    D::new().chain_update(pad(0x5c)).chain_update(inner).finalize().to_vec()
}

fn latin1(text: &str) -> Vec<u8> {
    text.chars().map(|c| u8::try_from(u32::from(c)).unwrap_or(b'?')).collect()
}

fn utf8_encode<'js>(ctx: Ctx<'js>, text: String) -> Result<TypedArray<'js, u8>> {
    TypedArray::new(ctx, text.into_bytes())
}

/// Undefined for what is no base64; padding may be missing.
fn base64_decode<'js>(ctx: Ctx<'js>, text: String) -> Result<Value<'js>> {
    match STANDARD_NO_PAD.decode(text.trim_end_matches('=')) {
        Ok(bytes) => TypedArray::<u8>::new(ctx, bytes).map(TypedArray::into_value),
        Err(_) => Ok(Value::new_undefined(ctx)),
    }
}

/// For `require`; see `js/polyfills/commonjs.js`.
fn modules(native: &Object<'_>, shared: &Rc<Shared>) -> Result<()> {
    let it = shared.clone();
    native.set(
        "required",
        Func::from(move |from: String, specifier: String| match it.graph.borrow().required(&from, &specifier) {
            Ok((path, is_function)) => serde_json::json!({ "path": path, "isFunction": is_function }).to_string(),
            Err(why) => serde_json::json!({ "why": why }).to_string(),
        }),
    )?;
    let it = shared.clone();
    native.set(
        "functionCode",
        Func::from(move |path: String| it.graph.borrow().function(&path).unwrap_or_default().to_owned()),
    )?;
    native.set("compile", Func::from(compile))
}

/// As in Node.js code is sloppy where it does not say otherwise.
fn compile<'js>(ctx: Ctx<'js>, path: String, code: String) -> Result<Value<'js>> {
    let mut options = EvalOptions::default();
    options.strict = false;
    options.filename = Some(path);
    ctx.eval_with_options(code, options)
}

/// For `fs`, see `js/polyfills/node/fs.js`; and for operations that are waited for on the spot.
fn files(native: &Object<'_>, shared: &Rc<Shared>) -> Result<()> {
    let answer = |answer: Answer| match answer {
        Ok(value) => serde_json::json!({ "value": value }).to_string(),
        Err((code, message)) => serde_json::json!({ "code": code, "message": message }).to_string(),
    };
    let it = shared.clone();
    native.set(
        "file",
        Func::from(move |call: String, params: String| {
            answer(it.file(call, serde_json::from_str(&params).unwrap_or_default()))
        }),
    )?;
    let it = shared.clone();
    native.set(
        "ask",
        Func::from(move |name: String, params: String| {
            answer(it.ask(name, serde_json::from_str(&params).unwrap_or_default()))
        }),
    )
}

/// For `process.memoryUsage()`.
fn memory(native: &Object<'_>, shared: &Rc<Shared>) -> Result<()> {
    let it = shared.clone();
    native.set("memory", Func::from(move || it.memory.last()))
}

/// For `Intl`; see `js/polyfills/intl/ask.js`.
fn locales(native: &Object<'_>, shared: &Rc<Shared>) -> Result<()> {
    let it = shared.clone();
    native.set(
        "intl",
        Func::from(move |ctx: Ctx<'_>, question: String| match it.intl(question) {
            Ok(serde_json::Value::String(answer)) => Ok(answer),
            Ok(_) => Err(Exception::throw_message(&ctx, "Intl: the host said nothing")),
            Err((_, message)) => Err(Exception::throw_message(&ctx, &message)),
        }),
    )
}

fn urls(native: &Object<'_>) -> Result<()> {
    native.set(
        "url",
        Func::from(|url: String, base: Opt<Option<String>>| -> Option<String> {
            let url = match base.0.flatten() {
                Some(base) => Url::parse(&base).ok()?.join(&url).ok()?,
                None => Url::parse(&url).ok()?,
            };
            Some(parts(&url))
        }),
    )?;
    native.set(
        "setUrl",
        Func::from(|href: String, part: String, value: String| -> Option<String> {
            let mut url = Url::parse(&href).ok()?;
            set_part(&mut url, &part, &value)?;
            Some(parts(&url))
        }),
    )
}

fn set_part(url: &mut Url, part: &str, value: &str) -> Option<()> {
    use url::quirks;
    match part {
        "href" => *url = Url::parse(value).ok()?,
        "protocol" => quirks::set_protocol(url, value).ok()?,
        "username" => quirks::set_username(url, value).ok()?,
        "password" => quirks::set_password(url, value).ok()?,
        "host" => quirks::set_host(url, value).ok()?,
        "hostname" => quirks::set_hostname(url, value).ok()?,
        "port" => quirks::set_port(url, value).ok()?,
        "pathname" => quirks::set_pathname(url, value),
        "search" => quirks::set_search(url, value),
        "hash" => quirks::set_hash(url, value),
        _ => return None,
    }
    Some(())
}

/// The members of `URL` as JSON.
fn parts(url: &Url) -> String {
    use url::quirks;
    serde_json::json!({
        "href": quirks::href(url), "origin": quirks::origin(url), "protocol": quirks::protocol(url),
        "username": quirks::username(url), "password": quirks::password(url), "host": quirks::host(url),
        "hostname": quirks::hostname(url), "port": quirks::port(url), "pathname": quirks::pathname(url),
        "search": quirks::search(url), "hash": quirks::hash(url),
    })
    .to_string()
}
