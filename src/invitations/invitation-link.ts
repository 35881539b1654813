import { createHash, createHmac, timingSafeEqual } from "node:crypto";

/** What a link proves: its bearer holds a mail we sent for this invitation, at this version. */
export interface InvitationLink {
  invitationId: string;
  tokenVersion: number;
}

export interface LinkKeys {
  /** Derives the token of an invitation: the same every time, so it is stored nowhere and a retried mail carries the same link. */
  sign(link: InvitationLink): string;
  /** @returns undefined for anything this service did not sign. Says nothing about the invitation's state. */
  verify(token: string): InvitationLink | undefined;
  /** Derives the token by which the invited address asks for no more invitations: good as long as the invitation is kept. */
  signOptOut(invitationId: string): string;
  /** @returns the invitation's id; undefined for anything this service did not sign for this purpose. */
  verifyOptOut(token: string): string | undefined;
  /** Derives a stand-in for a link that was just opened, for an address that a browser shows and keeps: it is good for so many minutes. */
  signVisit(link: InvitationLink, minutes: number): string;
  /** @returns undefined for anything this service did not sign for this purpose, and once its time is over. */
  verifyVisit(visit: string): InvitationLink | undefined;
  /** A value only the holder of `token` and we can know, for the hidden field of the page's forms. */
  formSecret(token: string): string;
}

interface Key {
  id: string;
  secret: string;
}

/** 26 characters of the invitation's id, 4 of version, 8 of key id, 43 of HMAC-SHA-256. */
const TOKEN = /^([0-9a-z]{26})([0-9a-f]{4})([0-9a-f]{8})([\w-]{43})$/;
/** The same with 8 characters of the second it ends at, before the id of the key. */
const VISIT = /^([0-9a-z]{26})([0-9a-f]{4})([0-9a-f]{8})([0-9a-f]{8})([\w-]{43})$/;
/** The same without a version: whoever wants no invitation wants none, however new. */
const OPT_OUT_TOKEN = /^([0-9a-z]{26})([0-9a-f]{8})([\w-]{43})$/;

/**
 * @param secrets SECRET_KEY first, then SECRET_KEYS_PREVIOUS: the first signs, all verify, so a key can be rotated
 *   without killing the links already mailed.
 */
export function createLinkKeys(secrets: [string, ...string[]]): LinkKeys {
  const [current, ...previous] = secrets.map(toKey) as [Key, ...Key[]];
  const byId = new Map([current, ...previous].map((key) => [key.id, key]));

  function isOurs(purpose: string, body: string, keyId = "", signature = ""): boolean {
    const key = byId.get(keyId);
    if (key === undefined) return false;
    return timingSafeEqual(Buffer.from(mac(key, purpose, body)), Buffer.from(signature));
  }

  return {
    sign(link) {
      const body = bodyOf(link);
      return body + current.id + mac(current, "invitation-link", body);
    },
    verify(token) {
      const [, suffix = "", version = "", keyId, signature] = TOKEN.exec(token) ?? [];
      if (!isOurs("invitation-link", suffix + version, keyId, signature)) return undefined;
      return { invitationId: `inv_${suffix}`, tokenVersion: Number.parseInt(version, 16) };
    },
    signOptOut(invitationId) {
      const body = invitationId.slice("inv_".length);
      return body + current.id + mac(current, "opt-out-link", body);
    },
    verifyOptOut(token) {
      const [, suffix = "", keyId, signature] = OPT_OUT_TOKEN.exec(token) ?? [];
      return isOurs("opt-out-link", suffix, keyId, signature) ? `inv_${suffix}` : undefined;
    },
    signVisit(link, minutes) {
      const end = Math.floor(Date.now() / 1000) + minutes * 60;
      const body = bodyOf(link) + end.toString(16).padStart(8, "0");
      return body + current.id + mac(current, "invitation-visit", body);
    },
    verifyVisit(visit) {
      const [, suffix = "", version = "", end = "", keyId, signature] = VISIT.exec(visit) ?? [];
      if (!isOurs("invitation-visit", suffix + version + end, keyId, signature)) return undefined;
      if (Number.parseInt(end, 16) * 1000 < Date.now()) return undefined;
      return { invitationId: `inv_${suffix}`, tokenVersion: Number.parseInt(version, 16) };
    },
    formSecret: (token) => mac(current, "invitation-form", token),
  };
}

function bodyOf({ invitationId, tokenVersion }: InvitationLink): string {
  return invitationId.slice("inv_".length) + tokenVersion.toString(16).padStart(4, "0");
}

function toKey(secret: string): Key {
  return { id: createHash("sha256").update(`key-id:${secret}`).digest("hex").slice(0, 8), secret };
}

/** The purpose is part of what is signed: a value made for one use is worthless for another. */
function mac(key: Key, purpose: string, body: string): string {
  return createHmac("sha256", key.secret).update(`${purpose}:${body}`).digest("base64url");
}
