// SPDX-License-Identifier: MIT
/* A record says what a provider said: only http addresses become links. */
export const safeUrl = (url: string | null | undefined) => (url && /^https?:\/\//i.test(url) ? url : undefined);
