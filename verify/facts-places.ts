/** What lies in a bucket, told by its first levels: beneath a prefix of the plane's nothing is told, however much it is. */
export interface PlacesFact {
  /** Names of objects; and prefixes, each for all that lies beneath it, which end in `/`. */
  told: string[];
  /** More lies there than was told. */
  cut: boolean;
}
