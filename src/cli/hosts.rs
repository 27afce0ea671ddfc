//! Which hosts the pages and requests of tests may reach, and through whom.

use super::CouldNotRun;
use crate::browser::Warden;
use crate::client::{Gate, Gateway, GatewayOptions, HostPattern, HostRules, Proxy, Upstream};
use crate::config;
use crate::wire::proxy::Proxies;
use std::sync::Arc;
use url::Url;

/// Flags.
#[derive(Debug, Clone, Default, clap::Args)]
pub(super) struct Hosts {
    /// The only hosts that tests and their pages may reach: example.com, *.example.com, 10.0.0.0/8, localhost, each also with :PORT; repeatable
    #[arg(long, value_name = "PATTERN")]
    allow_host: Vec<HostPattern>,
    /// Hosts that they may not reach, whatever is allowed; repeatable
    #[arg(long, value_name = "PATTERN")]
    deny_host: Vec<HostPattern>,
}

/// What stands between tests and the network.
#[derive(Debug, Default)]
pub(super) struct Guard {
    pub(super) gate: Gate,
    pub(super) upstream: Option<Upstream>,
    /// None where Chromium is not ours to start, or its owner said how it reaches the network.
    pub(super) warden: Option<Arc<dyn Warden>>,
    /// For Chromium: what the warden does not see to.
    pub(super) args: Vec<String>,
}

/// Arguments of Chromium that lead past a proxy that it is given.
const PAST: [&str; 5] =
    ["--proxy-pac-url", "--proxy-auto-detect", "--no-proxy-server", "--host-resolver-rules", "--host-rules"];
const PROXY: &str = "--proxy-server=";
const BYPASS: &str = "--proxy-bypass-list=";

impl Hosts {
    fn are_said(&self) -> bool {
        !self.allow_host.is_empty() || !self.deny_host.is_empty()
    }

    /// Rules that cannot be kept are refused: `why` they cannot, where they cannot.
    pub(super) fn refuse(&self, why: Option<&str>) -> Result<(), CouldNotRun> {
        match why.filter(|_| self.are_said()) {
            Some(why) => Err(CouldNotRun(format!("--allow-host and --deny-host cannot be kept with {why}"))),
            None => Ok(()),
        }
    }

    /// Opens the way for browsers with these arguments, which the machine's owner gave.
    pub(super) async fn guard(&self, args: &[String]) -> Result<Guard, CouldNotRun> {
        let gate = Gate::new(HostRules::new(self.allow_host.clone(), self.deny_host.clone()));
        let past = args.iter().find(|arg| PAST.contains(&arg.split('=').next().unwrap_or_default()));
        self.refuse(past.map(|arg| format!("--browser-arg {arg}: it leads past them")).as_deref())?;
        if past.is_some() {
            return Ok(Guard { gate, args: args.to_vec(), ..Guard::default() });
        }
        let (ours, theirs): (Vec<_>, Vec<_>) =
            args.iter().cloned().partition(|arg| arg.starts_with(PROXY) || arg.starts_with(BYPASS));
        let upstream = upstream(&ours)?;
        let options = GatewayOptions { upstream: upstream.clone(), gate: gate.clone(), ..GatewayOptions::default() };
        let gateway = Gateway::open(options).await.map_err(|error| CouldNotRun(error.to_string()))?;
        Ok(Guard { gate, upstream, warden: Some(Arc::new(gateway)), args: theirs })
    }
}

/// Through whom pages reach others: whom the arguments name, else whom the environment does, as Chromium itself has it.
fn upstream(args: &[String]) -> Result<Option<Upstream>, CouldNotRun> {
    let value = |name: &str| args.iter().rev().find_map(|arg| arg.strip_prefix(name));
    let mut environment = config::environment();
    let named = value(PROXY);
    if let (Some(_), Some(list)) = (named, value(BYPASS)) {
        environment.insert("no_proxy".to_owned(), list.replace(';', ","));
    }
    let proxies = Proxies::new(named, &environment)?;
    if !proxies.are_any() {
        return Ok(None);
    }
    let choose = move |url: &Url| {
        let proxy = proxies.on_the_way_to(url)?;
        Some(Proxy { server: proxy.url().clone(), bypass: Vec::new(), credentials: proxy.credentials() })
    };
    Ok(Some(Upstream { choose: Arc::new(choose), is_trusted: true }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hosts(deny: &[&str]) -> Hosts {
        Hosts { allow_host: Vec::new(), deny_host: deny.iter().map(|one| one.parse().unwrap()).collect() }
    }

    #[tokio::test]
    async fn rules_that_cannot_be_kept_are_refused() {
        let pac = ["--proxy-pac-url=http://x/".to_owned()];
        let error = hosts(&["a.test"]).guard(&pac).await.unwrap_err().0;
        assert_eq!(
            error,
            "--allow-host and --deny-host cannot be kept with --browser-arg --proxy-pac-url=http://x/: it leads past them"
        );
        let guard = hosts(&[]).guard(&pac).await.unwrap();
        assert!(guard.warden.is_none());
        assert_eq!(guard.args, pac);
    }

    #[tokio::test]
    async fn a_proxy_of_the_owner_is_behind_the_warden() {
        let args = ["--proxy-server=proxy.test:3128", "--lang=de", "--proxy-bypass-list=a.test;b.test"];
        let guard = hosts(&["x.test"]).guard(&args.map(str::to_owned)).await.unwrap();
        assert_eq!(guard.args, ["--lang=de"]);
        assert!(guard.warden.is_some_and(|warden| warden.address().starts_with("http://127.0.0.1:")));
        let choose = guard.upstream.unwrap().choose;
        let proxy = |url: &str| choose(&url.parse().unwrap()).map(|proxy| proxy.server.to_string());
        assert_eq!(proxy("http://c.test/").as_deref(), Some("http://proxy.test:3128/"));
        assert_eq!(proxy("https://c.test/").as_deref(), Some("http://proxy.test:3128/"));
        assert_eq!(proxy("http://a.test/"), None);
    }
}
