use super::check::{Config, LogTo};
use super::raw::{Raw, RawLimits, RawLog, RawPortal, RawRelay};

/// The configuration with every default filled in, as `musubi config show` prints it.
pub fn in_force(config: &Config) -> Raw {
    let mut raw = config.raw.clone();
    let (engine, net) = (&config.engine, &config.net);
    raw.name = Some(config.name.clone());
    for (written, facility) in raw.facility.iter_mut().zip(&config.facilities) {
        for (written, feed) in written.feed.iter_mut().zip(&facility.feeds) {
            written.name = Some(feed.name.clone());
            written.kind = "ss-mix2".into();
            written.scan_interval_s = Some(feed.scan_interval_s);
        }
    }
    raw.portal = RawPortal {
        listen: Some(config.portal.map_or_else(|| "off".into(), |at| at.to_string())),
        language: Some(config.language.clone()),
    };
    raw.peer.relay.get_or_insert_with(|| RawRelay::Word("auto".into()));
    raw.peer.serve_relay = Some(net.relay_server);
    raw.peer.quic = Some(net.transports.quic);
    raw.peer.tcp = Some(net.transports.tcp);
    raw.peer.mdns = Some(net.mdns);
    raw.limits = RawLimits {
        cache_mib: Some(config.cache_bytes >> 20),
        connections_max: Some(net.limits.connections_max.into()),
        sync_interval_ms: Some(engine.sync_ms),
        checkpoint_interval_ms: Some(engine.checkpoint_ms),
        publish_interval_ms: Some(engine.publish_ms),
        dial_wait_ms: Some(engine.dial_wait_ms),
        join_retry_ms: Some(engine.join_retry_ms),
        requests_per_hour: Some(engine.quota.into()),
        emergency_review_ms: Some(engine.emergency_review_ms),
        emergency_lapse_ms: Some(engine.emergency_lapse_ms),
    };
    let to = match config.log_to {
        LogTo::File => "file",
        LogTo::Stderr => "stderr",
    };
    raw.log = RawLog { level: Some(config.log_level.clone()), to: Some(to.into()) };
    raw
}

#[cfg(test)]
mod tests {
    use super::super::raw::parse;
    use super::*;
    use figment::Figment;

    #[test]
    fn what_is_in_force_is_a_configuration_that_says_the_same() {
        let facility =
            "[[facility]]\nid = \"1312345678\"\nname = \"みなと診療所\"\nclass = \"clinic\"\nauthority = \"1.2.3\"\n";
        let feed = "[[facility.feed]]\npath = \"/mnt/ssmix2\"\n";
        let short = format!("preset = \"hub\"\n{facility}{feed}[portal]\nlisten = \"off\"\n");
        let config = parse(&short, Figment::new()).expect("a configuration");
        let text = toml::to_string(&in_force(&config)).expect("a text");
        for line in
            ["cache_mib = 128", "serve_relay = true", "scan_interval_s = 300", "listen = \"off\"", "relay = \"auto\""]
        {
            assert!(text.contains(line), "{line} in:\n{text}");
        }
        let again = parse(&text, Figment::new()).expect("a configuration");
        assert_eq!(toml::to_string(&in_force(&again)).expect("a text"), text);
    }
}
