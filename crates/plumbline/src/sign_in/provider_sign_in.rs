//! Sign-in at an OpenID Connect provider: the code flow with PKCE, state and nonce, each bound to one browser and used once.
//!
//! Source: OpenID Connect Core 1.0, section 3.1; RFC 7636; RFC 9700, section 2.1; RFC 9207.

use std::collections::BTreeMap;
use std::error::Error;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use openidconnect::core::{CoreAuthenticationFlow, CoreClient, CoreIdToken, CoreJwsSigningAlgorithm, CoreProviderMetadata};
use openidconnect::{
    AuthorizationCode, ClientId, ClientSecret, CsrfToken, HttpRequest, HttpResponse, IssuerUrl, Nonce, PkceCodeChallenge,
    PkceCodeVerifier, RedirectUrl, TokenResponse,
};
use ureq::Agent;
#[cfg(feature = "tls")]
use ureq::tls::{RootCerts, TlsConfig, TlsProvider};

use crate::config::page_settings::{PageOrigin, ProviderSettings};
use crate::process::limits::{PROVIDER_ANSWER_BYTES, PROVIDER_KEPT, PROVIDER_TIMEOUT, SIGN_IN_TIME, SIGN_INS_UNDER_WAY};
use crate::sign_in::secret::{Secret, same};

/// The path to which the provider sends a browser back.
pub(crate) const RETURN_PATH: &str = "/signin/return";
/// The purpose of the hash under which a sign-in waits.
const PURPOSE: &str = "start";
/// Signatures of an ID token. All have a public key, so that nobody with the secret of the client can make one.
const ALGORITHMS: [CoreJwsSigningAlgorithm; 6] = [
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256,
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha384,
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha512,
    CoreJwsSigningAlgorithm::RsaSsaPssSha256,
    CoreJwsSigningAlgorithm::EcdsaP256Sha256,
    CoreJwsSigningAlgorithm::EcdsaP384Sha384,
];

/// Why a sign-in failed. The texts are for the log of the service; none has a code, a token or a name.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ProviderError {
    /// The provider cannot be asked, or its answer is no metadata.
    #[error("the identity provider {issuer} cannot be asked for its metadata; check pages.issuer")]
    Discovery {
        issuer: String,
        #[source]
        source: Box<dyn Error + Send + Sync>,
    },
    /// The browser began no sign-in, or another one.
    #[error("the answer belongs to no sign-in of this browser")]
    UnknownState,
    /// The provider did not sign the person in.
    #[error("the identity provider answered {0}")]
    Refused(&'static str),
    /// The provider did not exchange the code.
    #[error("the identity provider did not exchange the code for a token; check pages.client and pages.secret-file")]
    Exchange(#[source] Box<dyn Error + Send + Sync>),
    /// The ID token is not valid for this sign-in.
    #[error("the ID token of the identity provider is not valid")]
    Token(#[source] Box<dyn Error + Send + Sync>),
    /// The system has no randomness.
    #[error("the system has no randomness")]
    Randomness(#[source] getrandom::Error),
}

/// A sign-in that waits for the provider.
struct PendingSignIn {
    state: String,
    nonce: Nonce,
    verifier: String,
    /// The page to show then.
    to: String,
    begun: Instant,
}

/// A person whom the provider confirmed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ConfirmedSubject {
    /// The subject, unique at the issuer.
    pub(crate) subject: String,
    /// The page to show then.
    pub(crate) to: String,
}

/// The provider, with the sign-ins under way.
pub(crate) struct ProviderSignIn {
    issuer: IssuerUrl,
    client: ClientId,
    secret: Option<ClientSecret>,
    redirect: RedirectUrl,
    agent: Agent,
    metadata: Mutex<Option<(Instant, CoreProviderMetadata)>>,
    pending: Mutex<BTreeMap<String, PendingSignIn>>,
}

impl std::fmt::Debug for ProviderSignIn {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ProviderSignIn")
    }
}

impl ProviderSignIn {
    /// The provider of these settings. It is asked at the first sign-in. `secret` is the content of the secret's file.
    ///
    /// # Errors
    /// The text of an address that is none.
    pub(crate) fn new(
        settings: &ProviderSettings,
        secret: Option<String>,
        origin: &PageOrigin,
    ) -> Result<ProviderSignIn, String> {
        let config = Agent::config_builder()
            .http_status_as_error(false)
            // A redirect could send the secret of the client elsewhere.
            .max_redirects(0)
            .max_redirects_will_error(false)
            .timeout_global(Some(PROVIDER_TIMEOUT))
            .user_agent(concat!("plumbline/", env!("CARGO_PKG_VERSION")));
        #[cfg(feature = "tls")]
        let config = config
            .tls_config(TlsConfig::builder().provider(TlsProvider::NativeTls).root_certs(RootCerts::PlatformVerifier).build());
        let redirect = RedirectUrl::new(format!("{}{RETURN_PATH}", origin.text())).map_err(|error| error.to_string())?;
        Ok(ProviderSignIn {
            issuer: IssuerUrl::new(settings.issuer.clone()).map_err(|error| format!("pages.issuer: {error}"))?,
            client: ClientId::new(settings.client.clone()),
            secret: secret.map(ClientSecret::new),
            redirect,
            agent: config.build().new_agent(),
            metadata: Mutex::default(),
            pending: Mutex::default(),
        })
    }

    /// Begins a sign-in that ends at the page `to`. Returns the address at the provider, and the secret for the browser.
    ///
    /// # Errors
    /// [`ProviderError`] when the provider cannot be asked.
    pub(crate) fn begin(&self, to: String) -> Result<(String, Secret), ProviderError> {
        let metadata = self.metadata(false)?;
        let client = CoreClient::from_provider_metadata(metadata, self.client.clone(), self.secret.clone())
            .set_redirect_uri(self.redirect.clone());
        let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
        let (address, state, nonce) = client
            .authorize_url(CoreAuthenticationFlow::AuthorizationCode, CsrfToken::new_random, Nonce::new_random)
            .set_pkce_challenge(challenge)
            .url();
        let start = Secret::random().map_err(ProviderError::Randomness)?;
        let (state, verifier) = (state.secret().clone(), verifier.secret().clone());
        let mut pending = self.pending();
        pending.retain(|_, one| one.begun.elapsed() < SIGN_IN_TIME);
        if pending.len() >= SIGN_INS_UNDER_WAY {
            let oldest = pending.iter().min_by_key(|(_, one)| one.begun).map(|(key, _)| key.clone());
            oldest.and_then(|oldest| pending.remove(&oldest));
        }
        pending.insert(start.hash(PURPOSE), PendingSignIn { state, nonce, verifier, to, begun: Instant::now() });
        Ok((address.to_string(), start))
    }

    /// Ends a sign-in with the parameters that the provider sent the browser back with. It cannot be repeated, also after a failure.
    ///
    /// # Errors
    /// [`ProviderError`] when the browser began no such sign-in, or the provider did not confirm a person for it.
    pub(crate) fn finish(
        &self,
        start: &Secret,
        only: &dyn Fn(&str) -> Option<String>,
    ) -> Result<ConfirmedSubject, ProviderError> {
        let pending = self.pending().remove(&start.hash(PURPOSE)).ok_or(ProviderError::UnknownState)?;
        let state = only("state").unwrap_or_default();
        if pending.begun.elapsed() >= SIGN_IN_TIME || !same(&state, &pending.state) {
            return Err(ProviderError::UnknownState);
        }
        // Another provider's answer must not be exchanged here (mix-up).
        if only("iss").is_some_and(|issuer| issuer != self.issuer.as_str()) {
            return Err(ProviderError::Refused("as another issuer"));
        }
        let Some(code) = only("code").filter(|_| only("error").is_none()) else {
            return Err(ProviderError::Refused("with an error in place of a code"));
        };
        let metadata = self.metadata(false)?;
        let client = CoreClient::from_provider_metadata(metadata, self.client.clone(), self.secret.clone())
            .set_redirect_uri(self.redirect.clone());
        let exchange =
            client.exchange_code(AuthorizationCode::new(code)).map_err(|error| ProviderError::Exchange(error.into()))?;
        let answer = exchange
            .set_pkce_verifier(PkceCodeVerifier::new(pending.verifier))
            .request(&|request| self.send(request))
            .map_err(|error| ProviderError::Exchange(error.to_string().into()))?;
        let token = answer.id_token().ok_or(ProviderError::Refused("without an ID token"))?;
        let subject = match self.verified(token, &pending.nonce, false) {
            // The provider may have new keys since its metadata were read.
            Err(_) => self.verified(token, &pending.nonce, true)?,
            Ok(subject) => subject,
        };
        Ok(ConfirmedSubject { subject, to: pending.to })
    }

    /// The subject of a token whose signature, issuer, audience, time and nonce are right.
    fn verified(&self, token: &CoreIdToken, nonce: &Nonce, ask_again: bool) -> Result<String, ProviderError> {
        let metadata = self.metadata(ask_again)?;
        let client = CoreClient::from_provider_metadata(metadata, self.client.clone(), self.secret.clone());
        let verifier = client.id_token_verifier().set_allowed_algs(ALGORITHMS);
        let claims = token.claims(&verifier, nonce).map_err(|error| ProviderError::Token(error.into()))?;
        Ok(claims.subject().as_str().to_owned())
    }

    /// Addresses and keys of the provider.
    fn metadata(&self, ask_again: bool) -> Result<CoreProviderMetadata, ProviderError> {
        let mut known = self.metadata.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((read, metadata)) = known.as_ref().filter(|(read, _)| !ask_again && read.elapsed() < PROVIDER_KEPT) {
            let _ = read;
            return Ok(metadata.clone());
        }
        let found = CoreProviderMetadata::discover(&self.issuer, &|request| self.send(request));
        let found = found
            .map_err(|error| ProviderError::Discovery { issuer: self.issuer.to_string(), source: error.to_string().into() })?;
        *known = Some((Instant::now(), found.clone()));
        Ok(found)
    }

    fn send(&self, request: HttpRequest) -> Result<HttpResponse, ureq::Error> {
        let (head, mut body) = self.agent.run(request)?.into_parts();
        let body = body.with_config().limit(PROVIDER_ANSWER_BYTES).read_to_vec()?;
        Ok(HttpResponse::from_parts(head, body))
    }

    fn pending(&self) -> MutexGuard<'_, BTreeMap<String, PendingSignIn>> {
        self.pending.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
