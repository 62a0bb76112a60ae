//! Reservations: how a node without inbound port stays reachable, and what a relay lets through.
//!
//! A relay is a wanted peer like any other. As soon as it is connected directly, [`Reservations`] asks for a reservation by
//! listening on `…/p2p/RELAY/p2p-circuit`; libp2p renews it before it ends. When it is lost it is asked for again, with
//! growing pauses while the relay is connected, at once after it came back.
use crate::dial::Jitter;
use crate::limits::*;
use crate::msg::grown;
use libp2p::Multiaddr;
use libp2p::core::transport::ListenerId;
use libp2p::multiaddr::Protocol;
use libp2p::relay;
use protocol::ids::NodeKey;
use std::num::NonZeroU32;
use std::time::Duration;
use tokio::time::Instant;

/// The reservations that this node keeps.
pub(crate) struct Reservations {
    places: Vec<Place>,
    jitter: Jitter,
}

struct Place {
    relay: NodeKey,
    listen: Multiaddr,
    failures: u32,
    state: PlaceState,
}

#[derive(Clone, Copy, PartialEq)]
enum PlaceState {
    /// The relay is not connected.
    Away,
    AskAt(Instant),
    Asked(ListenerId),
    Kept(ListenerId),
}

impl Reservations {
    /// Keeps a reservation at each of these relays (key and address without the key).
    pub(crate) fn new(relays: &[(NodeKey, Multiaddr)], seed: u64) -> Self {
        let places = relays.iter().map(|(relay, address)| Place::new(*relay, address)).collect();
        Self { places, jitter: Jitter(seed) }
    }
    /// Keeps a reservation at one more relay; false if it is one already or there are enough.
    pub(crate) fn add(&mut self, relay: NodeKey, address: &Multiaddr) -> bool {
        if self.places.len() >= RELAYS_MAX || self.places.iter().any(|place| place.relay == relay) {
            return false;
        }
        self.places.push(Place::new(relay, address));
        true
    }
    /// A relay is connected directly.
    pub(crate) fn connected(&mut self, now: Instant, relay: NodeKey) {
        for place in self.places.iter_mut().filter(|place| place.relay == relay) {
            if place.state == PlaceState::Away {
                place.state = PlaceState::AskAt(now);
                place.failures = 0;
            }
        }
    }
    /// Where to listen now; each answer goes to [`Reservations::asked`].
    pub(crate) fn due(&self, now: Instant) -> Vec<(NodeKey, Multiaddr)> {
        let is_due = |place: &&Place| matches!(place.state, PlaceState::AskAt(at) if at <= now);
        self.places.iter().filter(is_due).map(|place| (place.relay, place.listen.clone())).collect()
    }
    /// The listener that stands for the question, or `None` if it could not even be asked.
    pub(crate) fn asked(&mut self, now: Instant, relay: NodeKey, listener: Option<ListenerId>) {
        for place in self.places.iter_mut().filter(|place| place.relay == relay) {
            match listener {
                Some(listener) => place.state = PlaceState::Asked(listener),
                None => place.retry(now, &mut self.jitter),
            }
        }
    }
    /// The relay said yes. True if it is news and not a renewal.
    pub(crate) fn accepted(&mut self, relay: NodeKey) -> bool {
        let mut is_news = false;
        for place in self.places.iter_mut().filter(|place| place.relay == relay) {
            if let PlaceState::Asked(listener) = place.state {
                place.state = PlaceState::Kept(listener);
                place.failures = 0;
                is_news = true;
            }
        }
        is_news
    }
    /// A listener closed: if it was a reservation, whose, and whether it had been granted.
    pub(crate) fn closed(
        &mut self,
        now: Instant,
        listener: ListenerId,
        is_direct: impl Fn(NodeKey) -> bool,
    ) -> Option<(NodeKey, bool)> {
        let held = |place: &&mut Place| match place.state {
            PlaceState::Asked(id) | PlaceState::Kept(id) => id == listener,
            _ => false,
        };
        let place = self.places.iter_mut().find(held)?;
        let was_kept = matches!(place.state, PlaceState::Kept(_));
        if is_direct(place.relay) {
            place.retry(now, &mut self.jitter);
        } else {
            place.state = PlaceState::Away;
        }
        Some((place.relay, was_kept))
    }
    /// When [`Reservations::due`] has something next.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        let next = |place: &Place| match place.state {
            PlaceState::AskAt(at) => Some(at),
            _ => None,
        };
        self.places.iter().filter_map(next).min()
    }
}

impl Place {
    fn new(relay: NodeKey, address: &Multiaddr) -> Self {
        let at = Protocol::P2p(crate::identity::peer_id_of(relay));
        Self {
            relay,
            listen: address.clone().with(at).with(Protocol::P2pCircuit),
            failures: 0,
            state: PlaceState::Away,
        }
    }
    fn retry(&mut self, now: Instant, jitter: &mut Jitter) {
        let pause: Duration = grown(DIAL_RETRY, self.failures);
        self.failures = self.failures.saturating_add(1);
        self.state = PlaceState::AskAt(now + jitter.of(pause));
    }
}

/// What a relay lets through: documents and image series, not only the hole punching that libp2p's defaults are made for.
pub(crate) fn server_config() -> relay::Config {
    let minute = Duration::from_secs(60);
    let requests = NonZeroU32::new(RELAY_REQUESTS_PER_MINUTE).unwrap_or(NonZeroU32::MIN);
    relay::Config {
        max_reservations: RELAY_RESERVATIONS_MAX,
        max_reservations_per_peer: CONNECTIONS_PER_PEER as usize,
        reservation_duration: RELAY_RESERVATION_TIME,
        reservation_rate_limiters: Vec::new(),
        max_circuits: RELAY_CIRCUITS_MAX,
        max_circuits_per_peer: RELAY_CIRCUITS_PER_PEER,
        max_circuit_duration: RELAY_CIRCUIT_TIME_MAX,
        max_circuit_bytes: RELAY_CIRCUIT_BYTES_MAX,
        circuit_src_rate_limiters: Vec::new(),
    }
    .reservation_rate_per_peer(requests, minute)
    .circuit_src_per_peer(requests, minute)
}

#[cfg(test)]
mod tests {
    use super::*;

    const RELAY: NodeKey = NodeKey([2; 32]);

    fn one() -> Reservations {
        Reservations::new(&[(RELAY, "/ip4/10.0.0.9/tcp/443".parse().expect("address"))], 1)
    }

    #[test]
    fn a_reservation_is_asked_for_when_the_relay_is_there() {
        let (mut places, now) = (one(), Instant::now());
        assert_eq!((places.due(now).len(), places.deadline()), (0, None));
        places.connected(now, RELAY);
        let [(relay, address)] = &places.due(now)[..] else { panic!("one relay") };
        assert_eq!(*relay, RELAY);
        assert!(address.to_string().ends_with("/p2p-circuit"));
        places.asked(now, RELAY, Some(ListenerId::next()));
        assert_eq!((places.due(now).len(), places.deadline()), (0, None));
        assert!(places.accepted(RELAY));
        assert!(!places.accepted(RELAY), "a renewal is no news");
    }

    #[test]
    fn a_relay_that_becomes_known_later_is_asked_once_it_is_connected() {
        let (mut places, now) = (Reservations::new(&[], 1), Instant::now());
        let address: Multiaddr = "/ip4/10.0.0.9/tcp/443".parse().expect("address");
        assert!(places.add(RELAY, &address));
        assert!(!places.add(RELAY, &address), "it is one already");
        places.connected(now, RELAY);
        assert_eq!(places.due(now).len(), 1);
        let more = (3..9).filter(|number| places.add(NodeKey([*number; 32]), &address)).count();
        assert_eq!(more, RELAYS_MAX - 1);
    }

    #[test]
    fn a_lost_reservation_is_asked_for_again() {
        let (mut places, now) = (one(), Instant::now());
        places.connected(now, RELAY);
        let listener = ListenerId::next();
        places.asked(now, RELAY, Some(listener));
        places.accepted(RELAY);
        assert_eq!(places.closed(now, ListenerId::next(), |_| true), None, "another listener");
        assert_eq!(places.closed(now, listener, |_| true), Some((RELAY, true)));
        let again = places.deadline().expect("asks again");
        assert!(again > now && again <= now + DIAL_RETRY.0 * 2);
        places.asked(again, RELAY, Some(listener));
        assert_eq!(places.closed(again, listener, |_| false), Some((RELAY, false)));
        assert_eq!(places.deadline(), None, "waits for the relay");
        places.connected(again, RELAY);
        assert_eq!(places.deadline(), Some(again));
    }
}
