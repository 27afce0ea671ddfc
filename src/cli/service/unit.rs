//! The texts that service managers read. Pure.

use std::path::Path;
use std::time::Duration;

/// Longer than the agent gives itself after its drain: last words, closing the browser.
const AFTER_DRAIN: Duration = Duration::from_secs(30);
/// A loop that stands still for so long is ended, and the agent started again.
const WATCHDOG: Duration = Duration::from_secs(60);

/// What a unit is made of.
#[derive(Debug)]
pub(super) struct Unit<'a> {
    pub(super) program: &'a Path,
    pub(super) settings: &'a Path,
    /// For the whole machine: who it runs as, and where it keeps its state.
    pub(super) system: Option<(&'a str, &'a Path)>,
    pub(super) drain: Duration,
}

impl Unit<'_> {
    /// For systemd.
    pub(super) fn systemd(&self) -> String {
        let (program, settings) = (quoted(self.program), quoted(self.settings));
        let (watchdog, stop) = (WATCHDOG.as_secs(), (self.drain + AFTER_DRAIN).as_secs());
        let state = match self.system {
            Some((_, state)) => format!(" --state-dir {}", quoted(state)),
            None => String::new(),
        };
        let head = format!(
            "# Written by `understudy service install`, which writes it anew: put changes into `systemctl edit`.\n\
             [Unit]\n\
             Description=understudy agent: runs browser tests for a server\n\
             Documentation=man:systemd.service(5)\n\
             Wants=network-online.target\n\
             After=network-online.target\n\n\
             [Service]\n\
             Type=notify\n\
             NotifyAccess=main\n\
             ExecStart={program} --settings {settings} agent{state}\n\
             # It is ready when its server has accepted it, however long the server is away.\n\
             TimeoutStartSec=infinity\n\
             WatchdogSec={watchdog}\n\
             # SIGTERM drains; Chromium is the agent's to end.\n\
             KillMode=mixed\n\
             TimeoutStopSec={stop}\n\
             Restart=always\n\
             RestartSec=5\n\
             # Usage, settings, a state folder in use: starting again changes nothing.\n\
             RestartPreventExitStatus=2\n\
             OOMPolicy=continue\n\
             LimitNOFILE=65536\n\
             UMask=0077\n\n\
             # As far as Chromium's own sandbox allows: that needs namespaces of users, processes and networks, and a JIT.\n\
             NoNewPrivileges=yes\n\
             LockPersonality=yes\n\
             RestrictRealtime=yes\n\
             RestrictSUIDSGID=yes\n\
             RestrictNamespaces=user pid net\n\
             RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK\n\
             SystemCallArchitectures=native\n\
             SystemCallFilter=~@clock @cpu-emulation @module @obsolete @raw-io @reboot @swap\n\
             SystemCallErrorNumber=EPERM\n"
        );
        let (more, target) = match self.system {
            None => (String::new(), "default.target"),
            Some((user, state)) => (
                format!(
                    "User={user}\n\
                     Group={user}\n\
                     StateDirectory={}\n\
                     StateDirectoryMode=0700\n\
                     WorkingDirectory={}\n\
                     CapabilityBoundingSet=\n\
                     DevicePolicy=closed\n\
                     PrivateDevices=yes\n\
                     PrivateTmp=yes\n\
                     ProtectClock=yes\n\
                     ProtectControlGroups=yes\n\
                     ProtectHome=yes\n\
                     ProtectHostname=yes\n\
                     ProtectKernelLogs=yes\n\
                     ProtectKernelModules=yes\n\
                     ProtectKernelTunables=yes\n\
                     ProtectSystem=strict\n\
                     RemoveIPC=yes\n",
                    state.file_name().unwrap_or_default().display(),
                    quoted(state),
                ),
                "multi-user.target",
            ),
        };
        format!("{head}{more}\n[Install]\nWantedBy={target}\n")
    }

    /// For launchd, under this label; what is logged goes into this file.
    pub(super) fn launchd(&self, label: &str, log: &Path) -> String {
        let mut arguments = vec![self.program.display().to_string()];
        arguments.extend(["--settings".to_owned(), self.settings.display().to_string(), "agent".to_owned()]);
        if let Some((_, state)) = self.system {
            arguments.extend(["--state-dir".to_owned(), state.display().to_string()]);
        }
        let arguments: String =
            arguments.iter().map(|argument| format!("    <string>{}</string>\n", escaped(argument))).collect();
        let user = self.system.map_or_else(String::new, |(user, _)| {
            format!("  <key>UserName</key>\n  <string>{}</string>\n", escaped(user))
        });
        let (log, stop) = (escaped(&log.display().to_string()), (self.drain + AFTER_DRAIN).as_secs());
        format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
             <!DOCTYPE plist PUBLIC \"-//Apple//DTD PLIST 1.0//EN\" \"http://www.apple.com/DTDs/PropertyList-1.0.dtd\">\n\
             <plist version=\"1.0\">\n<dict>\n  <key>Label</key>\n  <string>{label}</string>\n{user}\
             \x20 <key>ProgramArguments</key>\n  <array>\n{arguments}  </array>\n\
             \x20 <key>RunAtLoad</key>\n  <true/>\n\
             \x20 <key>KeepAlive</key>\n  <true/>\n\
             \x20 <key>ThrottleInterval</key>\n  <integer>10</integer>\n\
             \x20 <key>ExitTimeOut</key>\n  <integer>{stop}</integer>\n\
             \x20 <key>Umask</key>\n  <integer>63</integer>\n\
             \x20 <key>StandardErrorPath</key>\n  <string>{log}</string>\n\
             </dict>\n</plist>\n"
        )
    }
}

/// As systemd splits command lines.
fn quoted(path: &Path) -> String {
    let text =
        path.display().to_string().replace('\\', "\\\\").replace('"', "\\\"").replace('%', "%%").replace('$', "$$");
    let plain = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"/._-%$".contains(&byte));
    if plain { text } else { format!("\"{text}\"") }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unit(system: bool) -> Unit<'static> {
        Unit {
            program: Path::new("/usr/local/bin/understudy"),
            settings: Path::new(if system { "/etc/understudy/agent.toml" } else { "/home/ada/my config/agent.toml" }),
            system: system.then(|| ("understudy", Path::new("/var/lib/understudy"))),
            drain: Duration::from_secs(60),
        }
    }

    #[test]
    fn for_systemd() {
        insta::assert_snapshot!("system.service", unit(true).systemd());
        insta::assert_snapshot!("user.service", unit(false).systemd());
    }

    #[test]
    fn for_launchd() {
        let log = Path::new("/var/log/understudy.log");
        insta::assert_snapshot!("launchd.plist", unit(true).launchd("dev.understudy.agent", log));
    }

    #[test]
    fn names_with_meaning_are_quoted() {
        for (name, expected) in
            [("/a/b", "/a/b"), ("/a b", "\"/a b\""), ("/50%/$x", "/50%%/$$x"), ("/a\"b", "\"/a\\\"b\"")]
        {
            assert_eq!(quoted(Path::new(name)), expected);
        }
    }
}
