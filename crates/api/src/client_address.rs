//! Where a call comes from: the peer, or what a trusted proxy says of it.
//!
//! Used for counting and for lists of addresses, never logged and never kept. Of a list of
//! addresses the right-most that is no trusted proxy counts: everything left of it was written by
//! somebody else.

use std::convert::Infallible;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use axum::extract::{ConnectInfo, FromRequestParts, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, header};
use axum::middleware::Next;
use axum::response::Response;
use ipnet::IpNet;

use crate::Api;

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// Calls without a socket come from this process: the demo back end.
const OURSELVES: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

/// The address of the caller, an IPv4 address as such even when it came over IPv6.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ClientAddress(pub(crate) IpAddr);

/// Finds the address once and hands it to the handlers.
pub(crate) async fn attach(State(api): State<Api>, mut request: Request, next: Next) -> Response {
    if let Some(ConnectInfo(peer)) = request.extensions().get::<ConnectInfo<SocketAddr>>() {
        let found = client_of(peer.ip(), request.headers(), &api.settings.trusted_proxies);
        request.extensions_mut().insert(ClientAddress(found));
    }
    next.run(request).await
}

impl<S: Sync> FromRequestParts<S> for ClientAddress {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(parts.extensions.get().copied().unwrap_or(Self(OURSELVES)))
    }
}

/// The address a call is counted for.
fn client_of(peer: IpAddr, headers: &HeaderMap, trusted: &[IpNet]) -> IpAddr {
    let peer = peer.to_canonical();
    let is_trusted = |address: &IpAddr| trusted.iter().any(|range| range.contains(address));
    if !is_trusted(&peer) {
        return peer;
    }
    let mut found = peer;
    // From the right: what the trusted proxies wrote comes first, and what stands left of the
    // first address that is not theirs cannot change it. A piece of theirs that cannot be read
    // says nothing.
    for hop in hops(headers).unwrap_or_default().into_iter().rev() {
        let Some(hop) = hop else { return peer };
        if !is_trusted(&hop) {
            return hop;
        }
        found = hop;
    }
    found
}

/// The addresses the proxies saw, first one first; a piece that does not parse has none.
fn hops(headers: &HeaderMap) -> Option<Vec<Option<IpAddr>>> {
    let lines = |name: &HeaderName| -> Option<String> {
        let lines: Result<Vec<&str>, _> = headers
            .get_all(name)
            .iter()
            .map(|line| line.to_str())
            .collect();
        Some(lines.ok()?.join(","))
    };
    if headers.contains_key(&X_FORWARDED_FOR) {
        return Some(lines(&X_FORWARDED_FOR)?.split(',').map(node).collect());
    }
    if !headers.contains_key(header::FORWARDED) {
        return Some(Vec::new());
    }
    let hops = lines(&header::FORWARDED)?;
    Some(hops.split(',').map(forwarded_for).collect())
}

/// The `for` of one element of `Forwarded`. A comma within quotes cuts an element in two, and
/// neither half has a `for` that parses: nothing is said then.
fn forwarded_for(element: &str) -> Option<IpAddr> {
    element.split(';').find_map(|pair| {
        let (name, value) = pair.split_once('=')?;
        let is_for = name.trim().eq_ignore_ascii_case("for");
        is_for.then(|| node(value.trim().trim_matches('"')))
    })?
}

/// `192.0.2.1`, `192.0.2.1:80`, `2001:db8::1`, `[2001:db8::1]` or `[2001:db8::1]:80`.
fn node(text: &str) -> Option<IpAddr> {
    let text = text.trim();
    let bare = text
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'));
    let address = match bare {
        Some(inside) => IpAddr::V6(inside.parse().ok()?),
        None => text
            .parse::<IpAddr>()
            .or_else(|_| text.parse::<SocketAddr>().map(|socket| socket.ip()))
            .ok()?,
    };
    Some(address.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(peer: &str, lines: &[(&'static str, &str)]) -> String {
        let trusted: Vec<IpNet> = ["10.0.0.0/8", "2001:db8:ffff::/48"]
            .map(|range| range.parse().unwrap())
            .to_vec();
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.append(HeaderName::from_static(name), value.parse().unwrap());
        }
        client_of(peer.parse().unwrap(), &headers, &trusted).to_string()
    }

    #[test]
    fn only_a_trusted_proxy_is_believed() {
        let claim = ("x-forwarded-for", "192.0.2.1");
        for (peer, lines, expected) in [
            ("203.0.113.9", vec![], "203.0.113.9"),
            ("203.0.113.9", vec![claim], "203.0.113.9"),
            (
                "203.0.113.9",
                vec![("forwarded", "for=192.0.2.1")],
                "203.0.113.9",
            ),
            ("::ffff:203.0.113.9", vec![claim], "203.0.113.9"),
            ("10.0.0.1", vec![], "10.0.0.1"),
            ("10.0.0.1", vec![claim], "192.0.2.1"),
            ("::ffff:10.0.0.1", vec![claim], "192.0.2.1"),
            ("2001:db8:ffff::1", vec![claim], "192.0.2.1"),
            // What stands left of the right-most address we do not know was made up by it.
            (
                "10.0.0.1",
                vec![("x-forwarded-for", "1.1.1.1, 192.0.2.1, 10.0.0.2")],
                "192.0.2.1",
            ),
            (
                "10.0.0.1",
                vec![("x-forwarded-for", "1.1.1.1"), claim],
                "192.0.2.1",
            ),
            (
                "10.0.0.1",
                vec![("x-forwarded-for", "10.0.0.3, 10.0.0.2")],
                "10.0.0.3",
            ),
            // Both headers: the one proxies of today write.
            (
                "10.0.0.1",
                vec![("forwarded", "for=1.1.1.1"), claim],
                "192.0.2.1",
            ),
        ] {
            assert_eq!(found(peer, &lines), expected, "{peer} {lines:?}");
        }
    }

    #[test]
    fn forms_of_addresses_are_read_and_anything_else_is_not_believed() {
        for (value, expected) in [
            ("192.0.2.1:8080", "192.0.2.1"),
            ("2001:db8::1", "2001:db8::1"),
            ("[2001:db8::1]", "2001:db8::1"),
            ("[2001:db8::1]:443", "2001:db8::1"),
            ("::ffff:192.0.2.1", "192.0.2.1"),
            ("unknown", "10.0.0.1"),
            ("", "10.0.0.1"),
            ("192.0.2.1,", "10.0.0.1"),
            ("192.0.2.256", "10.0.0.1"),
            ("[192.0.2.1]", "10.0.0.1"),
            ("192.0.2.1, <script>", "10.0.0.1"),
            ("<script>, 192.0.2.1", "192.0.2.1"),
        ] {
            let lines = [("x-forwarded-for", value)];
            assert_eq!(found("10.0.0.1", &lines), expected, "{value}");
        }
        for (value, expected) in [
            ("for=192.0.2.1", "192.0.2.1"),
            ("For=\"[2001:db8::1]:4711\"; proto=https", "2001:db8::1"),
            (
                "proto=http;by=10.0.0.1;for=192.0.2.1, for=10.9.9.9",
                "192.0.2.1",
            ),
            ("for=_hidden", "10.0.0.1"),
            ("for=unknown, for=192.0.2.1", "192.0.2.1"),
            ("for=192.0.2.1, for=unknown", "10.0.0.1"),
            ("proto=https", "10.0.0.1"),
            ("for=192.0.2.1;host=\"a,b\"", "10.0.0.1"),
        ] {
            let lines = [("forwarded", value)];
            assert_eq!(found("10.0.0.1", &lines), expected, "{value}");
        }
    }
}
