/** Names and numbers as this dialect spells them. */
export const dialect = "konaplate";
