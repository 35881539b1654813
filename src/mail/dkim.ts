import type { Settings } from "../config/variables.ts";
import type { Log } from "../log.ts";

/** What signs mails, as nodemailer takes it. */
export interface DkimSigner {
  domainName: string;
  keySelector: string;
  privateKey: string;
  headerFieldNames: string;
}

export type DkimSettings = Pick<Settings, "DKIM_DOMAIN" | "DKIM_SELECTOR" | "DKIM_PRIVATE_KEY">;

/** Every header our mails have: nodemailer's own choice lacks what RFC 8058 §4 wants signed. */
const SIGNED = [
  ...["From", "To", "Subject", "Date", "Message-ID", "In-Reply-To", "References", "Auto-Submitted"],
  ...[
    "List-Unsubscribe",
    "List-Unsubscribe-Post",
    "MIME-Version",
    "Content-Type",
    "Content-Transfer-Encoding",
  ],
].join(":");

/** @returns undefined where mails are not signed here. */
export function dkimSigner(settings: DkimSettings): DkimSigner | undefined {
  const { DKIM_DOMAIN: domainName, DKIM_SELECTOR: keySelector, DKIM_PRIVATE_KEY: privateKey } = settings;
  if (domainName === undefined || keySelector === undefined || privateKey === undefined) return undefined;
  return { domainName, keySelector, privateKey, headerFieldNames: SIGNED };
}

/** A signature of another domain proves nothing of the sender's: DMARC wants them aligned. */
export function warnUnlessAligned(
  { DKIM_DOMAIN, MAIL_FROM }: DkimSettings & Pick<Settings, "MAIL_FROM">,
  log: Log,
): void {
  if (DKIM_DOMAIN === undefined) return;
  const sender = MAIL_FROM.address.replace(/^.*@/, "").toLowerCase();
  const isAligned = sender === DKIM_DOMAIN || sender.endsWith(`.${DKIM_DOMAIN}`);
  if (!isAligned)
    log.warn(
      { DKIM_DOMAIN, sender },
      "DKIM_DOMAIN is neither MAIL_FROM's domain nor its parent: receivers will not count the signature for DMARC",
    );
}
