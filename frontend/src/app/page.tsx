import { Studio } from "@/features/layout/Studio";

export default function Page() {
  return <Studio />;
}
