import type { NextConfig } from "next";

/** A static export: the coordinator serves `out/`, no Node runs in production. */
const config: NextConfig = {
  output: "export",
  trailingSlash: true,
  images: { unoptimized: true },
  reactStrictMode: true,
  productionBrowserSourceMaps: false,
  devIndicators: false,
};

export default config;
