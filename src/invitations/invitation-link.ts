import { createHash, createHmac, timingSafeEqual } from "node:crypto";

/** What a link proves: its holder got the email we sent for this version of the invitation. */
export interface InvitationLink {
  invitationId: string;
  tokenVersion: number;
}

export interface LinkKeys {
  /** Derives the token of an invitation. It is always the same, so it isn't stored, and a retried email has the same link. */
  sign(link: InvitationLink): string;
  /** @returns undefined for a token this service didn't sign. Says nothing about the invitation's state. */
  verify(token: string): InvitationLink | undefined;
  /** Derives the token that opts the invited address out. It works as long as the invitation is kept. */
  signOptOut(invitationId: string): string;
  /** @returns the invitation's id, or undefined for a token this service didn't sign for this purpose. */
  verifyOptOut(token: string): string | undefined;
  /** Derives a stand-in for a link that was just opened, valid for some minutes, because browsers show and keep addresses. */
  signVisit(link: InvitationLink, minutes: number): string;
  /** @returns undefined for a token this service didn't sign for this purpose, or one that has expired. */
  verifyVisit(visit: string): InvitationLink | undefined;
  /** Derives a value for the hidden field of the page's forms, which only we and the holder of `token` can know. */
  formSecret(token: string): string;
}

interface Key {
  id: string;
  secret: string;
}

/** What is signed, then 8 characters of key id and 43 of HMAC-SHA-256. */
const TOKEN = /^(\w+)([0-9a-f]{8})([\w-]{43})$/;
/** 26 characters of the invitation's id and 4 of its version; in a visit, then 8 of the second it expires in. */
const LINK = /^([0-9a-z]{26})([0-9a-f]{4})$/;
const VISIT = /^([0-9a-z]{26})([0-9a-f]{4})([0-9a-f]{8})$/;
/** No version, because opting out concerns every later version too. */
const OPT_OUT = /^([0-9a-z]{26})$/;

/**
 * @param secrets SECRET_KEY first, then SECRET_KEYS_PREVIOUS: the first signs, all verify, so a key can be rotated
 *   without invalidating the links already sent.
 */
export function createLinkKeys(secrets: [string, ...string[]]): LinkKeys {
  const [current, ...previous] = secrets.map(toKey) as [Key, ...Key[]];
  const byId = new Map([current, ...previous].map((key) => [key.id, key]));

  function sign(purpose: string, body: string): string {
    return body + current.id + mac(current, purpose, body);
  }

  /** @returns the parts of what was signed, or undefined unless it was signed for this purpose. */
  function verify(purpose: string, form: RegExp, token: string): string[] | undefined {
    const [, body = "", keyId = "", signature = ""] = TOKEN.exec(token) ?? [];
    const [key, parts] = [byId.get(keyId), form.exec(body)];
    if (key === undefined || parts === null) return undefined;
    const isOurs = timingSafeEqual(Buffer.from(mac(key, purpose, body)), Buffer.from(signature));
    return isOurs ? parts.slice(1) : undefined;
  }

  return {
    sign: (link) => sign("invitation-link", bodyOf(link)),
    verify(token) {
      const parts = verify("invitation-link", LINK, token);
      return parts && linkOf(parts);
    },
    signOptOut: (invitationId) => sign("opt-out-link", invitationId.slice("inv_".length)),
    verifyOptOut(token) {
      const parts = verify("opt-out-link", OPT_OUT, token);
      return parts && `inv_${parts[0]}`;
    },
    signVisit(link, minutes) {
      const end = Math.floor(Date.now() / 1000) + minutes * 60;
      return sign("invitation-visit", bodyOf(link) + end.toString(16).padStart(8, "0"));
    },
    verifyVisit(visit) {
      const parts = verify("invitation-visit", VISIT, visit);
      const end = Number.parseInt(parts?.[2] ?? "", 16) * 1000;
      return parts && end >= Date.now() ? linkOf(parts) : undefined;
    },
    formSecret: (token) => mac(current, "invitation-form", token),
  };
}

function bodyOf({ invitationId, tokenVersion }: InvitationLink): string {
  return invitationId.slice("inv_".length) + tokenVersion.toString(16).padStart(4, "0");
}

function linkOf([suffix, version = ""]: string[]): InvitationLink {
  return { invitationId: `inv_${suffix}`, tokenVersion: Number.parseInt(version, 16) };
}

function toKey(secret: string): Key {
  return { id: createHash("sha256").update(`key-id:${secret}`).digest("hex").slice(0, 8), secret };
}

/** The purpose is part of what is signed, so a value made for one use is worthless for another. */
function mac(key: Key, purpose: string, body: string): string {
  return createHmac("sha256", key.secret).update(`${purpose}:${body}`).digest("base64url");
}
