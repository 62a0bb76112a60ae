use std::collections::BTreeMap;

/// A connection, and who believes that it stands.
#[derive(Clone, Copy, Debug)]
pub struct Session {
    /// Its number.
    pub id: u64,
    /// Something sent on it still arrives.
    pub is_alive: bool,
    /// Whether the lower and the higher host think that it stands.
    believes: [bool; 2],
}

/// All connections: at most one between two hosts.
#[derive(Debug, Default)]
pub struct Sessions {
    pairs: BTreeMap<(usize, usize), Session>,
    next: u64,
}

impl Sessions {
    /// A new connection that neither side knows of yet; none while one of them still believes in the last.
    pub fn begin(&mut self, a: usize, b: usize) -> Option<u64> {
        if self.pairs.contains_key(&pair(a, b)) {
            return None;
        }
        self.next += 1;
        let session = Session { id: self.next, is_alive: true, believes: [false; 2] };
        self.pairs.insert(pair(a, b), session);
        Some(self.next)
    }
    /// One side learns that the connection stands. False if it is gone already.
    pub fn believe(&mut self, host: usize, peer: usize, id: u64) -> bool {
        match self.pairs.get_mut(&pair(host, peer)) {
            Some(session) if session.id == id && session.is_alive => {
                session.believes[side(host, peer)] = true;
                true
            }
            _ => false,
        }
    }
    /// The connection on which `host` would send to `peer`.
    pub fn of(&self, host: usize, peer: usize) -> Option<u64> {
        let session = self.pairs.get(&pair(host, peer))?;
        session.believes[side(host, peer)].then_some(session.id)
    }
    /// Whether something that was sent on connection `id` reaches `host`.
    pub fn reaches(&self, host: usize, peer: usize, id: u64) -> bool {
        let session = self.pairs.get(&pair(host, peer));
        session.is_some_and(|s| s.id == id && s.is_alive && s.believes[side(host, peer)])
    }
    /// Nothing arrives any more. Gives the connection and who has to be told.
    pub fn kill(&mut self, a: usize, b: usize) -> Option<(u64, Vec<usize>)> {
        let session = self.pairs.get_mut(&pair(a, b))?;
        if !session.is_alive {
            return None;
        }
        session.is_alive = false;
        let (id, believes) = (session.id, session.believes);
        let (low, high) = pair(a, b);
        let told =
            [low, high].into_iter().zip(believes).filter(|(_, believes)| *believes).map(|(host, _)| host).collect();
        self.tidy(a, b);
        Some((id, told))
    }
    /// One side learns that the connection is gone. False if it knew.
    pub fn forget(&mut self, host: usize, peer: usize, id: u64) -> bool {
        let Some(session) = self.pairs.get_mut(&pair(host, peer)).filter(|session| session.id == id) else {
            return false;
        };
        let knew = !std::mem::replace(&mut session.believes[side(host, peer)], false);
        self.tidy(host, peer);
        !knew
    }
    /// Whom a host believes to be connected with.
    pub fn peers(&self, host: usize) -> Vec<usize> {
        let all = self.pairs.keys().filter_map(|(low, high)| match host {
            h if h == *low => Some(*high),
            h if h == *high => Some(*low),
            _ => None,
        });
        all.collect()
    }
    fn tidy(&mut self, a: usize, b: usize) {
        if self.pairs.get(&pair(a, b)).is_some_and(|session| !session.is_alive && session.believes == [false; 2]) {
            self.pairs.remove(&pair(a, b));
        }
    }
}

fn pair(a: usize, b: usize) -> (usize, usize) {
    (a.min(b), a.max(b))
}
fn side(host: usize, peer: usize) -> usize {
    usize::from(host > peer)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_side_learns_by_itself_and_a_new_connection_waits_for_both() {
        let mut sessions = Sessions::default();
        let id = sessions.begin(2, 1).expect("none yet");
        assert_eq!(sessions.begin(1, 2), None);
        assert!(sessions.believe(1, 2, id) && sessions.of(1, 2) == Some(id) && sessions.of(2, 1).is_none());
        assert!(!sessions.reaches(2, 1, id));
        assert!(sessions.believe(2, 1, id) && sessions.reaches(2, 1, id));
        assert_eq!(sessions.kill(1, 2), Some((id, vec![1, 2])));
        assert!(!sessions.reaches(2, 1, id) && sessions.of(2, 1) == Some(id), "half open");
        assert!(sessions.forget(1, 2, id) && !sessions.forget(1, 2, id));
        assert_eq!(sessions.begin(1, 2), None);
        assert!(sessions.forget(2, 1, id));
        assert!(sessions.begin(1, 2).is_some());
    }
}
