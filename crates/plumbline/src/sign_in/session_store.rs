//! Sessions: the folder `sign-in/sessions` of the data. A file is named by the hash of the session's id, which only the browser knows.

use std::io;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::sign_in::record_folder::RecordFolder;
use crate::sign_in::secret::Secret;

/// The purpose of the hash that names a file.
const PURPOSE: &str = "session";
/// The purpose of the hash in the forms of a session.
const FORM: &str = "form";
/// Least time between two notes that a session was used, milliseconds.
const SEEN_STEP: i64 = 60_000;
/// Digits of a session's name that commands show.
const SHORT_NAME: usize = 12;

/// A session.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    /// Id of the person.
    pub person: String,
    /// The only role of the session, by its word; without one the roles of the person.
    #[serde(default)]
    pub role: Option<String>,
    /// Code of the locality, for a session of its lead alone.
    #[serde(default)]
    pub locality: Option<String>,
    /// How the person signed in: `link` or `provider`.
    pub way: String,
    /// When it began, milliseconds since 1970.
    pub begun: i64,
    /// When it was last used, to the minute, milliseconds since 1970.
    pub seen: i64,
}

/// The limits of a session, milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SessionLimits {
    /// Since its last use.
    pub idle: i64,
    /// Since its beginning.
    pub whole: i64,
}

impl SessionLimits {
    fn allow(self, session: &Session, now: i64) -> bool {
        // A clock that was set back ends no session early and prolongs none beyond its limit.
        now < session.begun.saturating_add(self.whole) && now < session.seen.saturating_add(self.idle)
    }
}

/// The sessions that were begun and not ended.
#[derive(Clone, Debug)]
pub struct SessionStore {
    folder: RecordFolder,
}

impl SessionStore {
    /// The store in a data folder.
    #[must_use]
    pub fn of(data: &Path) -> SessionStore {
        SessionStore { folder: RecordFolder::at(data.join("sign-in").join("sessions")) }
    }

    /// Begins a session with a new id.
    ///
    /// # Errors
    /// When the folder cannot be written, or the system has no randomness.
    pub fn begin(&self, session: &Session) -> io::Result<Secret> {
        let id = Secret::random().map_err(io::Error::other)?;
        self.folder.write(&id.hash(PURPOSE), session)?;
        Ok(id)
    }

    /// The session of an id that is in force, noted as used now. One beyond its limits is ended.
    ///
    /// # Errors
    /// When the folder cannot be read.
    pub fn open(&self, id: &Secret, limits: SessionLimits, now: i64) -> io::Result<Option<Session>> {
        let name = id.hash(PURPOSE);
        let Some(mut session) = self.folder.read::<Session>(&name)? else { return Ok(None) };
        if !limits.allow(&session, now) {
            // A file that cannot be removed stays beyond its limits.
            let _ = self.folder.remove(&name);
            return Ok(None);
        }
        if now >= session.seen.saturating_add(SEEN_STEP) {
            session.seen = now;
            // On a full disk one's own card still opens, until the session is idle for its limit.
            if let Err(error) = self.folder.touch(&name, &session) {
                tracing::warn!(%error, "the last use of a session cannot be noted");
            }
        }
        Ok(Some(session))
    }

    /// Ends the session of an id.
    ///
    /// # Errors
    /// When the folder cannot be written.
    pub fn end(&self, id: &Secret) -> io::Result<()> {
        self.folder.remove(&id.hash(PURPOSE)).map(drop)
    }

    /// The sessions in force with their short names, and those beyond their limits are removed.
    ///
    /// # Errors
    /// When the folder cannot be read or written.
    pub fn list(&self, limits: SessionLimits, now: i64) -> io::Result<Vec<(String, Session)>> {
        let mut listed = Vec::new();
        for (name, session) in self.folder.all::<Session>()? {
            if limits.allow(&session, now) {
                listed.push((name[..SHORT_NAME].to_owned(), session));
            } else {
                self.folder.remove(&name)?;
            }
        }
        Ok(listed)
    }

    /// Ends the sessions that `chosen` chooses by short name and content. Returns their number.
    ///
    /// # Errors
    /// When the folder cannot be read or written.
    pub fn revoke(&self, chosen: impl Fn(&str, &Session) -> bool) -> io::Result<usize> {
        let mut ended = 0;
        for (name, session) in self.folder.all::<Session>()? {
            if chosen(&name[..SHORT_NAME], &session) && self.folder.remove(&name)? {
                ended += 1;
            }
        }
        Ok(ended)
    }
}

/// The text in the forms of a browser that only this service can have written there.
#[must_use]
pub fn form_token(id: &Secret) -> String {
    id.hash(FORM)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: SessionLimits = SessionLimits { idle: 30 * 60_000, whole: 12 * 3_600_000 };

    fn session(begun: i64) -> Session {
        Session { person: "p1".to_owned(), role: None, locality: None, way: "link".to_owned(), begun, seen: begun }
    }

    #[test]
    fn a_session_ends_when_it_is_idle_or_old_and_its_id_is_not_stored() {
        let dir = tempfile::tempdir().unwrap();
        let store = SessionStore::of(dir.path());
        let id = store.begin(&session(0)).unwrap();
        let opened = |now: i64| store.open(&id, LIMITS, now).unwrap().is_some();
        let minute = 60_000;
        assert!(opened(29 * minute) && opened(58 * minute), "use prolongs it");
        assert!(!opened(88 * minute), "30 minutes without use end it");
        assert!(!opened(58 * minute), "it does not come back");
        let busy = store.begin(&session(0)).unwrap();
        let mut last = 0;
        while store.open(&busy, LIMITS, last + 20 * minute).unwrap().is_some() {
            last += 20 * minute;
        }
        assert_eq!(last, (12 * 60 - 20) * minute, "12 hours end it, however busy it is");
        let text = format!("{:?}", std::fs::read_dir(dir.path().join("sign-in/sessions")).unwrap().collect::<Vec<_>>());
        assert!(!text.contains(id.text()) && !text.contains(busy.text()));
    }

    #[test]
    fn sessions_are_listed_and_revoked_by_person_and_by_short_name() {
        let dir = tempfile::tempdir().unwrap();
        let store = SessionStore::of(dir.path());
        let ids: Vec<Secret> = (0..3).map(|_| store.begin(&session(0)).unwrap()).collect();
        store.begin(&Session { person: "p2".to_owned(), ..session(0) }).unwrap();
        let listed = store.list(LIMITS, 1).unwrap();
        assert_eq!(listed.len(), 4);
        assert!(listed.iter().all(|(name, _)| name.len() == SHORT_NAME && !ids.iter().any(|id| id.text().contains(name))));
        let first = listed[0].0.clone();
        assert_eq!(store.revoke(|name, _| name == first).unwrap(), 1);
        assert_eq!(store.revoke(|_, session| session.person == "p1").unwrap() + store.list(LIMITS, 1).unwrap().len(), 3);
        store.revoke(|_, _| true).unwrap();
        assert!(ids.iter().all(|id| store.open(id, LIMITS, 1).unwrap().is_none()));
    }
}
