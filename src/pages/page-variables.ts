/** Every page may carry the name of the product the invitation is for. */
type Branded = { product?: string | null };

export type PageVariables = {
  invitation: Branded & {
    organization: string;
    inviter: string | null;
    roles: string[];
    email: string;
    message: string | null;
    expires: string;
    accept_action: string;
    decline_action: string;
    csrf: string;
  };
  accepted: Branded & { organization: string; continue_url?: string | null };
  declined: Branded;
  revoked: Branded;
  expired: Branded;
  superseded: Branded;
  "not-found": Branded;
  wrong: Branded & { title: string; sentence: string; request_id: string };
};

export type PageName = keyof PageVariables;
