//! Signs requests as the Standard Webhooks specification says: `v1` is HMAC-SHA256, `v1a` Ed25519, over `id.timestamp.body`.
//!
//! Doesn't know where secrets are kept nor which endpoint they belong to.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::{Signer as _, SigningKey, Verifier as _};
use hmac::{Hmac, Mac as _};
use rand::RngCore as _;
use sha2::Sha256;

use crate::domain::endpoint::secret::{SECRET_BYTES, Secret, Signing};

/// A new random secret.
#[must_use]
pub fn generate(signing: Signing) -> Secret {
    let mut seed = [0_u8; SECRET_BYTES];
    rand::rng().fill_bytes(&mut seed);
    let bytes = match signing {
        Signing::Hmac => seed.to_vec(),
        Signing::Ed25519 => SigningKey::from_bytes(&seed).to_keypair_bytes().to_vec(),
    };
    Secret { bytes, signing, expires_at: None }
}

/// What a receiver needs to verify: the shared secret itself, or the public key (`whpk_…`).
#[must_use]
pub fn verifier_text(secret: &Secret) -> String {
    match (secret.signing, key_pair(secret)) {
        (Signing::Ed25519, Some(key)) => format!("whpk_{}", STANDARD.encode(key.verifying_key().as_bytes())),
        (Signing::Hmac | Signing::Ed25519, _) => secret.to_text(),
    }
}

/// The value of `webhook-signature`: one signature per secret, separated by spaces, in the order given.
///
/// `timestamp` is seconds since the epoch, of this attempt.
#[must_use]
pub fn sign(secrets: &[Secret], id: &str, timestamp: i64, body: &[u8]) -> String {
    let signatures: Vec<String> = secrets.iter().filter_map(|secret| signature(secret, id, timestamp, body)).collect();
    signatures.join(" ")
}

/// Whether one of the signatures in `header` is by one of `secrets`: what a receiver does, for the inspector.
#[must_use]
pub fn verify(secrets: &[Secret], id: &str, timestamp: i64, body: &[u8], header: &str) -> bool {
    header.split(' ').any(|candidate| secrets.iter().any(|secret| is_by(secret, id, timestamp, body, candidate)))
}

fn signature(secret: &Secret, id: &str, timestamp: i64, body: &[u8]) -> Option<String> {
    match secret.signing {
        Signing::Hmac => {
            let tag = mac(secret, id, timestamp, body)?.finalize().into_bytes();
            Some(format!("v1,{}", STANDARD.encode(tag)))
        }
        Signing::Ed25519 => {
            let signed = key_pair(secret)?.sign(&message(id, timestamp, body));
            Some(format!("v1a,{}", STANDARD.encode(signed.to_bytes())))
        }
    }
}

fn is_by(secret: &Secret, id: &str, timestamp: i64, body: &[u8], candidate: &str) -> bool {
    let Some((version, encoded)) = candidate.split_once(',') else { return false };
    let Ok(given) = STANDARD.decode(encoded) else { return false };
    match (secret.signing, version) {
        (Signing::Hmac, "v1") => mac(secret, id, timestamp, body).is_some_and(|mac| mac.verify_slice(&given).is_ok()),
        (Signing::Ed25519, "v1a") => {
            let signature = ed25519_dalek::Signature::from_slice(&given);
            let message = message(id, timestamp, body);
            key_pair(secret).zip(signature.ok()).is_some_and(|(key, signature)| key.verifying_key().verify(&message, &signature).is_ok())
        }
        (Signing::Hmac | Signing::Ed25519, _) => false,
    }
}

fn mac(secret: &Secret, id: &str, timestamp: i64, body: &[u8]) -> Option<Hmac<Sha256>> {
    let mut mac = Hmac::<Sha256>::new_from_slice(&secret.bytes).ok()?;
    mac.update(id.as_bytes());
    mac.update(b".");
    mac.update(timestamp.to_string().as_bytes());
    mac.update(b".");
    mac.update(body);
    Some(mac)
}

fn message(id: &str, timestamp: i64, body: &[u8]) -> Vec<u8> {
    let mut message = format!("{id}.{timestamp}.").into_bytes();
    message.extend_from_slice(body);
    message
}

fn key_pair(secret: &Secret) -> Option<SigningKey> {
    match <&[u8; 64]>::try_from(secret.bytes.as_slice()) {
        Ok(pair) => SigningKey::from_keypair_bytes(pair).ok(),
        Err(_not_a_pair) => <&[u8; 32]>::try_from(secret.bytes.as_slice()).ok().map(SigningKey::from_bytes),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_vectors_of_the_specification_are_signed_alike() {
        for (secret, id, timestamp, body, expected) in [
            (
                "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD",
                "msg_27UH4WbU6Z5A5EzD8u03UvzRbpk",
                1_649_367_553,
                r#"{"email":"test@example.com","username":"test_user"}"#,
                "v1,tZ1I4/hDygAJgO5TYxiSd6Sd0kDW6hPenDe+bTa3Kkw=",
            ),
            (
                "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
                "msg_p5jXN8AQM9LWM0D4loKWxJek",
                1_614_265_330,
                r#"{"test": 2432232314}"#,
                "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
            ),
        ] {
            let secret = Secret::parse_shared(secret).expect("a secret");
            assert_eq!(sign(&[secret], id, timestamp, body.as_bytes()), expected);
        }
    }

    #[test]
    fn an_asymmetric_signature_is_verified_by_its_public_key() {
        let pair =
            STANDARD.decode("6Xb/dCcHpPea21PS1N9VY/NZW723CEc77N4rJCubMbfVKIDij2HKpMKkioLlX0dRqSKJp4AJ6p9lMicMFs6Kvg==").expect("base64");
        let secret = Secret { bytes: pair, signing: Signing::Ed25519, expires_at: None };
        assert_eq!(
            sign(std::slice::from_ref(&secret), "msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, br#"{"test": 2432232314}"#),
            "v1a,hnO3f9T8Ytu9HwrXslvumlUpqtNVqkhqw/enGzPCXe5BdqzCInXqYXFymVJaA7AZdpXwVLPo3mNl8EM+m7TBAg=="
        );
        assert_eq!(verifier_text(&secret), "whpk_1SiA4o9hyqTCpIqC5V9HUakiiaeACeqfZTInDBbOir4=");
        assert!(secret.to_text().starts_with("whsk_6Xb/"));
    }

    #[test]
    fn each_secret_signs_while_one_is_being_rotated() {
        let (old, new, foreign) = (generate(Signing::Hmac), generate(Signing::Ed25519), generate(Signing::Hmac));
        let header = sign(&[new.clone(), old.clone()], "evt_1", 7, b"{}");
        assert!(header.starts_with("v1a,") && header.contains(" v1,"));
        for secret in [old, new] {
            assert!(verify(std::slice::from_ref(&secret), "evt_1", 7, b"{}", &header));
            assert!(!verify(std::slice::from_ref(&secret), "evt_1", 8, b"{}", &header));
            assert!(!verify(&[secret], "evt_1", 7, b"{ }", &header));
        }
        assert!(!verify(&[foreign], "evt_1", 7, b"{}", &header));
    }
}
