"""What the server says when something is wrong: each message once, in English and in Swedish.

A key stands in `OperationOutcome.issue.details.coding`; gaps in braces are filled by `Issue.said`. The gaps take
names of elements, types, parameters, limits and allowed codes: never a value out of somebody's record.
"""

MESSAGES: dict[str, tuple[str, str]] = {
    # ------------------------------------------------------------------ reading the request
    "not-json": (
        "The body is not JSON: {why}.",
        "Innehållet är inte JSON: {why}.",
    ),
    "no-body": (
        "The request needs a body: a {expected} as JSON.",
        "Anropet saknar innehåll: en {expected} som JSON väntades.",
    ),
    "provenance-header": (
        "X-Provenance must be one Provenance as JSON, without its targets: those are what is written.",
        "X-Provenance ska vara en Provenance som JSON, utan mål: målen är det som skrivs.",
    ),
    "not-an-object": (
        "The body must be one JSON object with a resourceType.",
        "Innehållet måste vara ett JSON-objekt med resourceType.",
    ),
    "duplicate-member": (
        "A member stands twice in one JSON object: '{name}'. FHIR allows each name once.",
        "En medlem förekommer två gånger i samma JSON-objekt: '{name}'. FHIR tillåter varje namn en gång.",
    ),
    "too-deep": (
        "The JSON is nested deeper than {limit} levels.",
        "JSON-innehållet är nästlat djupare än {limit} nivåer.",
    ),
    "number-out-of-range": (
        "A number has an exponent beyond what a FHIR decimal may carry ({limit}).",
        "Ett tal har en exponent utanför vad en FHIR-decimal får ha ({limit}).",
    ),
    "too-large": (
        "The body is larger than {limit} bytes.",
        "Innehållet är större än {limit} byte.",
    ),
    "url-too-long": (
        "The address is longer than {limit} bytes. Use POST [type]/_search for long queries.",
        "Adressen är längre än {limit} byte. Använd POST [type]/_search för långa sökningar.",
    ),
    "media-type": (
        "The body's media type is not understood. Allowed: {allowed}.",
        "Innehållets medietyp förstås inte. Tillåtna: {allowed}.",
    ),
    "not-acceptable": (
        "None of the representations asked for can be made. Available: {allowed}.",
        "Ingen av de begärda representationerna kan lämnas. Möjliga: {allowed}.",
    ),
    "header": (
        "The header {name} cannot be understood. Expected: {expected}.",
        "Huvudet {name} kan inte tolkas. Väntat: {expected}.",
    ),
    # ------------------------------------------------------------------ who calls
    "two-tokens": (
        "There is more than one Authorization header, or more than one token in it. Send one: Authorization: Bearer [token].",
        "Det finns mer än ett Authorization-huvud, eller mer än ett åtkomstintyg i det. Skicka ett: Authorization: Bearer [token].",
    ),
    "scope-missing": (
        "The token has no scope for this: it needs {letters} on {type} (create, read, update, delete, search).",
        "Åtkomstintyget saknar omfattning (scope) för detta: det behövs {letters} på {type} (create, read, update, delete, search).",
    ),
    "query-no-unit": (
        "The named query {name} is for staff who act under a commission at a unit that is known here. Search by owner instead.",
        "Den namngivna sökningen {name} är för personal med medarbetaruppdrag på en enhet som finns här. Sök i stället på owner.",
    ),
    "query-no-person": (
        "The named query {name} is for a person who is known here: a member of staff or a citizen. Search by owner instead.",
        "Den namngivna sökningen {name} är för en person som finns här: personal eller en invånare. Sök i stället på owner.",
    ),
    "role-missing": (
        "No rule lets this caller do this ({letter}) to any {type}: a role, a commission or its purpose is missing. See docs/privacy.md.",
        "Ingen regel låter den här användaren göra detta ({letter}) med någon {type}: en roll, ett medarbetaruppdrag eller dess ändamål saknas. Se docs/privacy.md.",
    ),
    "citizen-unknown": (
        "Nothing is kept here about the person who signed in, or the token is bound to somebody else.",
        "Här finns inget om den som har loggat in, eller så är åtkomstintyget bundet till någon annan.",
    ),
    "label-lowered": (
        "A security label that the resource has is missing in meta.security: labels may be added, and are taken away by a system alone.",
        "En säkerhetsmärkning som resursen har saknas i meta.security: märkningar får läggas till, och tas bara bort av ett system.",
    ),
    "anchor-missing": (
        "It does not say which patient it is about, as a reference to a Patient here; without one nobody would see it.",
        "Den säger inte vilken patient den gäller, som en referens till en Patient här; utan det skulle ingen se den.",
    ),
    "anchor-moved": (
        "A resource stays with its patient: the version that is replaced is about another one.",
        "En resurs stannar hos sin patient: versionen som ersätts gäller någon annan.",
    ),
    "anchor-several": (
        "It is about several patients. Write one for each.",
        "Den gäller flera patienter. Skriv en för var och en.",
    ),
    "meaning-changed": (
        "Something that is not known here changes what it means: implicitRules, or a modifierExtension.",
        "Något som inte är känt här ändrar vad den betyder: implicitRules, eller en modifierExtension.",
    ),
    "patient-in-team": (
        "A patient is no member of a care team; a relative is one as RelatedPerson.",
        "En patient är inte medlem i ett vårdteam; en närstående är det som RelatedPerson.",
    ),
    "patient-other": (
        "It points at a patient who is not the one that it is about.",
        "Den pekar på en annan patient än den som den gäller.",
    ),
    "no-token": (
        "This address asks for an access token, in the header Authorization: Bearer.",
        "Adressen kräver ett åtkomstintyg, i huvudet Authorization: Bearer.",
    ),
    "token-invalid": (
        "The access token is not accepted.",
        "Åtkomstintyget godtas inte.",
    ),
    "token-too-long": (
        "The access token is longer than {limit} characters.",
        "Åtkomstintyget är längre än {limit} tecken.",
    ),
    "token-malformed": (
        "The access token is not a signed JWT in the compact form, whose header has alg, kid and typ and nothing else.",
        "Åtkomstintyget är inte en signerad JWT i kompakt form, vars huvud har alg, kid och typ och inget mer.",
    ),
    "token-type": (
        "The JWT is of a type that is no access token here: typ in its header.",
        "JWT:n är av en typ som inte är ett åtkomstintyg här: typ i dess huvud.",
    ),
    "token-issuer": (
        "The access token comes from an issuer that this server does not know: iss.",
        "Åtkomstintyget kommer från en utfärdare som servern inte känner till: iss.",
    ),
    "token-audience": (
        "The access token is meant for somebody else: aud must be the FHIR base of this server, and nothing beside it.",
        "Åtkomstintyget är avsett för någon annan: aud ska vara serverns FHIR-bas, och inget därutöver.",
    ),
    "token-expired": (
        "The access token has expired: exp.",
        "Åtkomstintyget har gått ut: exp.",
    ),
    "token-early": (
        "The access token is not valid yet: {name}.",
        "Åtkomstintyget gäller inte än: {name}.",
    ),
    "token-lifetime": (
        "The access token is valid for longer than its issuer may let it be: {limit} seconds from iat to exp.",
        "Åtkomstintyget gäller längre än dess utfärdare får medge: {limit} sekunder från iat till exp.",
    ),
    "token-claim": (
        "The access token must have {name}, in its own form.",
        "Åtkomstintyget ska ha {name}, i dess rätta form.",
    ),
    "token-revoked": (
        "The access token has been revoked.",
        "Åtkomstintyget är återkallat.",
    ),
    "issuer-kind": (
        "The issuer of the access token may not speak for callers of this kind: {kind}.",
        "Åtkomstintygets utfärdare får inte intyga anropare av detta slag: {kind}.",
    ),
    "issuer-organization": (
        "The issuer of the access token may not speak for the organization that {name} names.",
        "Åtkomstintygets utfärdare får inte intyga för den organisation som {name} anger.",
    ),
    "weakly-authenticated": (
        "Staff sign in with level of assurance {limit} or higher.",
        "Personal loggar in med tillitsnivå {limit} eller högre.",
    ),
    # ------------------------------------------------------------------ finding the interaction
    "no-such-address": (
        "Nothing answers at this address. The interactions are listed in [base]/metadata.",
        "Inget svarar på denna adress. Interaktionerna finns förtecknade i [base]/metadata.",
    ),
    "unknown-type": (
        "This server does not keep resources of the type named in the address. The types are listed in [base]/metadata.",
        "Servern hanterar inte den resurstyp som adressen anger. Typerna finns förtecknade i [base]/metadata.",
    ),
    "unknown-operation": (
        "There is no such operation here. The operations are listed in [base]/metadata.",
        "Operationen finns inte här. Operationerna finns förtecknade i [base]/metadata.",
    ),
    "method-not-allowed": (
        "The method is not allowed at this address. Allowed: {allowed}.",
        "Metoden är inte tillåten på denna adress. Tillåtna: {allowed}.",
    ),
    "not-in-compartment": (
        "A {type} is never in the compartment of a {owner}.",
        "En {type} finns aldrig i en {owner}s compartment.",
    ),
    # ------------------------------------------------------------------ what is stored
    "not-found": (
        "There is no such resource.",
        "Resursen finns inte.",
    ),
    "no-such-version": (
        "There is no such version of the resource.",
        "Den versionen av resursen finns inte.",
    ),
    "gone": (
        "The resource was deleted. Its history remains; a PUT brings it back.",
        "Resursen är borttagen. Historiken finns kvar; en PUT återställer den.",
    ),
    "destroyed": (
        "The resource was destroyed: nothing that was written in it is kept.",
        "Resursen är förstörd: inget som skrevs i den finns kvar.",
    ),
    "exists": (
        "A resource with this id exists already.",
        "Det finns redan en resurs med detta id.",
    ),
    "stale": (
        "The version in If-Match is not the current one. Read the resource again and repeat the change.",
        "Versionen i If-Match är inte den aktuella. Läs resursen igen och gör om ändringen.",
    ),
    "throttled": (
        "More calls than this server takes from one caller. Try again in {seconds} s.",
        "Fler anrop än servern tar emot från en och samma. Försök igen om {seconds} s.",
    ),
    "status-skipped": (
        "A plan that was never active is not completed: make it active first, or revoke it.",
        "En plan som aldrig har gällt kan inte avslutas som genomförd: gör den aktiv först, eller återkalla den.",
    ),
    "commission-ended": (
        "The commission that you signed in with does not apply now.",
        "Det medarbetaruppdrag som du har loggat in med gäller inte nu.",
    ),
    "too-slow": (
        "The body did not come within {seconds} s.",
        "Kroppen kom inte inom {seconds} s.",
    ),
    "body-packed": (
        "A body is sent as it is, without Content-Encoding.",
        "En kropp skickas som den är, utan Content-Encoding.",
    ),
    "too-many-items": (
        "{limit} is the most that may stand in one list here.",
        "{limit} är det mesta som får stå i en lista här.",
    ),
    "endpoint-refused": (
        "The server sends nothing there: only to https addresses, without a user, of hosts that its operator has named.",
        "Dit skickar servern inget: bara till https-adresser, utan användare, hos värdar som de driftansvariga har angett.",
    ),
    "header-refused": (
        "A header is `Name: value` on one line, and none that says who sends, to whom, or how.",
        "Ett huvud är `Namn: värde` på en rad, och inget som säger vem som skickar, till vem eller hur.",
    ),
    "version-unnamed": (
        "This server asks which version a write replaces: read the resource, and send its ETag as If-Match.",
        "Servern frågar vilken version en skrivning ersätter: läs resursen och skicka dess ETag som If-Match.",
    ),
    "several-match": (
        "The condition matches several resources; it must match one at the most.",
        "Villkoret träffar flera resurser; det får träffa högst en.",
    ),
    "too-many-match": (
        "The condition matches more than {limit} resources; narrow it.",
        "Villkoret träffar fler än {limit} resurser; snäva in det.",
    ),
    "too-many-labels": (
        "More than {limit} labels of a kind are in use; ask one type, or one resource.",
        "Fler än {limit} etiketter av ett slag används; fråga om en typ, eller en resurs.",
    ),
    "condition-missing": (
        "The condition asks nothing. Name what the one resource must match: identifier=system|value.",
        "Villkoret frågar inget. Ange vad den enda resursen ska träffas av: identifier=system|värde.",
    ),
    "overtaken": (
        "Other writers kept changing what the condition is about. Try again.",
        "Andra skrivare ändrade hela tiden det som villkoret gäller. Försök igen.",
    ),
    "store-away": (
        "The store cannot be reached or cannot write just now. Nothing was written; try again later.",
        "Lagringen kan inte nås eller kan inte skriva just nu. Inget har skrivits; försök igen senare.",
    ),
    "store-unsure": (
        "The store did not say in time whether the change was written. Read before you send it again.",
        "Lagringen svarade inte i tid om ändringen skrevs. Läs innan du skickar den igen.",
    ),
    "stopped": (
        "The server is stopping and answers this no more. Whether a change was written is not known; read before you send it again.",
        "Servern stängs och svarar inte på detta. Om en ändring skrevs är inte känt; läs innan du skickar den igen.",
    ),
    "stored-too-large": (
        "The resource and what it is found by take more than {limit} bytes.",
        "Resursen och det som den hittas genom tar mer än {limit} byte.",
    ),
    "index-incomplete": (
        "The index is being made anew, so a search would miss resources. Reading by id works; search again later.",
        "Indexet byggs om, så en sökning skulle missa resurser. Läsning med id fungerar; sök igen senare.",
    ),
    "internal": (
        "The server met an unexpected fault. Nothing more is known to the caller; the request id finds it in the log.",
        "Servern råkade ut för ett oväntat fel. Anropets id visar det i loggen.",
    ),
    # ------------------------------------------------------------------ addresses and bodies that disagree
    "type-mismatch": (
        "The body is a resource of another type than the address asks for ({expected}).",
        "Innehållet är en resurs av en annan typ än adressen anger ({expected}).",
    ),
    "id-missing": (
        "The resource in a PUT must carry the id of its address.",
        "Resursen i en PUT måste bära adressens id.",
    ),
    "id-mismatch": (
        "The resource's id differs from the id in the address.",
        "Resursens id skiljer sig från adressens id.",
    ),
    "id-form": (
        "An id has 1 to 64 characters out of A-Z a-z 0-9 - and . only.",
        "Ett id har 1 till 64 tecken ur A-Z a-z 0-9 - och . och inget annat.",
    ),
    # ------------------------------------------------------------------ searching
    "unknown-parameter": (
        "The search parameter '{name}' is not known for {type}. Known: {allowed}. Prefer: handling=lenient leaves it aside.",
        "Sökparametern '{name}' är inte känd för {type}. Kända: {allowed}. Prefer: handling=lenient bortser från den.",
    ),
    "unknown-modifier": (
        "The modifier ':{modifier}' cannot be used with the search parameter '{name}'. Allowed: {allowed}.",
        "Modifieraren ':{modifier}' kan inte användas med sökparametern '{name}'. Tillåtna: {allowed}.",
    ),
    "parameter-value": (
        "A value of the parameter '{name}' cannot be understood. Expected: {expected}.",
        "Ett värde för parametern '{name}' kan inte tolkas. Väntat: {expected}.",
    ),
    "document-whole": (
        "A document is shown whole: {name} cannot be asked of it.",
        "Ett dokument visas helt: {name} går inte att begära av det.",
    ),
    "parameter-missing": (
        "The parameter '{name}' is missing. Expected: {expected}.",
        "Parametern '{name}' saknas. Väntat: {expected}.",
    ),
    "unknown-definition": (
        "There is no such {type} here. Those that are shipped are listed at [base]/{type}.",
        "Det finns ingen sådan {type} här. De som medföljer står på [base]/{type}.",
    ),
    "unknown-code": (
        "The code is not in any code system that is shipped here. They are listed at [base]/CodeSystem.",
        "Koden finns inte i något kodverk som medföljer här. De står på [base]/CodeSystem.",
    ),
    "value-set-not-listed": (
        "The value set cannot be listed: it takes codes from a system whose codes are not here.",
        "Värdemängden kan inte räknas upp: den hämtar koder ur ett kodverk vars koder inte finns här.",
    ),
    "parameter-repeated": (
        "The parameter '{name}' may stand once only.",
        "Parametern '{name}' får bara stå en gång.",
    ),
    "too-many-values": (
        "The parameter '{name}' has more than {limit} values.",
        "Parametern '{name}' har fler än {limit} värden.",
    ),
    "value-too-long": (
        "A value of the parameter '{name}' is longer than {limit} characters.",
        "Ett värde för parametern '{name}' är längre än {limit} tecken.",
    ),
    "too-many-parameters": (
        "A search has at most {limit} parameters.",
        "En sökning har högst {limit} parametrar.",
    ),
    "too-many-comparisons": (
        "The search asks for more than {limit} comparisons. Each value is one; in a chain, one for each type it may lead through.",
        "Sökningen kräver fler än {limit} jämförelser. Varje värde är en; i en kedja en för varje typ den kan gå genom.",
    ),
    "chain-reference": (
        "'{name}' is no reference, so no chain goes on from it.",
        "'{name}' är ingen referens, så ingen kedja går vidare därifrån.",
    ),
    "chain-type": (
        "'{name}' may lead to any type; say which: {name}:[type].[parameter].",
        "'{name}' kan leda till vilken typ som helst; ange vilken: {name}:[typ].[parameter].",
    ),
    "chain-too-long": (
        "A chain leads through at most {limit} resources.",
        "En kedja går genom högst {limit} resurser.",
    ),
    "chain-too-wide": (
        "The chain from '{name}' may go more than {limit} ways; name the types it leads through: {name}:[type].",
        "Kedjan från '{name}' kan gå fler än {limit} vägar; ange typerna den går genom: {name}:[typ].",
    ),
    "has-form": (
        "_has is written _has:[type]:[reference]:[parameter]=[value].",
        "_has skrivs _has:[typ]:[referens]:[parameter]=[värde].",
    ),
    "has-reference": (
        "'{name}' is no reference of {source} that may name a {type}.",
        "'{name}' är ingen referens i {source} som kan ange en {type}.",
    ),
    "filter": (
        "_filter cannot be understood at character {place}. Expected: {expected}.",
        "_filter kan inte tolkas vid tecken {place}. Väntat: {expected}.",
    ),
    "include": (
        "'{name}' is written [type]:[reference] or [type]:[reference]:[target type]; known references of the type: {allowed}.",
        "'{name}' skrivs [typ]:[referens] eller [typ]:[referens]:[måltyp]; kända referenser hos typen: {allowed}.",
    ),
    "include-cut": (
        "More than {limit} resources would come along with these matches; what is here is a part. Ask for fewer matches.",
        "Fler än {limit} resurser skulle följa med träffarna; detta är en del. Begär färre träffar.",
    ),
    "search-unsupported": (
        "'{name}' is not supported: {why}.",
        "'{name}' stöds inte: {why}.",
    ),
    "page-token": (
        "The page in '_page' is not one that this server gave out for this search. Follow the links of a Bundle unchanged.",
        "Sidan i '_page' har inte lämnats ut av servern för denna sökning. Följ länkarna i en Bundle oförändrade.",
    ),
    # ------------------------------------------------------------------ access
    "no-discovery": (
        "This server asks nobody for a token (access 'open'), so there is no SMART configuration to discover.",
        "Servern frågar ingen efter åtkomstbevis (access 'open'), så det finns ingen SMART-konfiguration att hämta.",
    ),
    "scope-too-long": (
        "The scopes are longer than {limit} characters, or more than {most}.",
        "Behörighetsomfången är längre än {limit} tecken, eller fler än {most}.",
    ),
    "scope-characters": (
        "A scope has a character that no scope may have, or two scopes are not parted by one space.",
        "Ett behörighetsomfång har ett tecken som inget får ha, eller två av dem skiljs inte åt av ett blanksteg.",
    ),
    "scope-form": (
        "A scope for resources is not written as one: patient, user or system, a slash, a type or *, a dot, permissions.",
        "Ett behörighetsomfång för resurser är felskrivet: patient, user eller system, snedstreck, typ eller *, punkt, rättigheter.",
    ),
    "scope-letters": (
        "The permissions of a scope are some of the letters cruds, each once and in this order; or read, write or *.",
        "Rättigheterna i ett behörighetsomfång är några av bokstäverna cruds, var och en en gång och i denna ordning; eller read, write eller *.",
    ),
    "scope-type": (
        "A scope names a type of resource that R4 does not have.",
        "Ett behörighetsomfång anger en resurstyp som inte finns i R4.",
    ),
    "scope-launch": (
        "A launch scope is launch, or launch/ and a type of resource in lower case, with ?role= or without.",
        "Ett behörighetsomfång för uppstart är launch, eller launch/ och en resurstyp i gemener, med eller utan ?role=.",
    ),
    "scope-mixed": (
        "The scopes are of more than one context: patient, user and system do not go together.",
        "Behörighetsomfången har mer än ett sammanhang: patient, user och system går inte ihop.",
    ),
    "scope-query": (
        "The query of a scope is name=value, several parted by &, percent-encoded as UTF-8 (a plus as %2B, a space as %20).",
        "Frågan i ett behörighetsomfång är namn=värde, flera åtskilda av &, procentkodade som UTF-8 (plus som %2B, blanksteg som %20).",
    ),
    "scope-conditions": (
        "The queries of the scopes have more than {limit} conditions.",
        "Frågorna i behörighetsomfången har fler än {limit} villkor.",
    ),
    "scope-parameter": (
        "A scope may ask only by search parameters of its type, without modifier or chain; not by _has, _include or words.",
        "Ett behörighetsomfång får bara fråga med sökparametrar hos sin typ, utan modifierare eller kedja; inte med _has, _include eller ord.",
    ),
    "scope-any-type": (
        "A scope for every type may ask only by {allowed}.",
        "Ett behörighetsomfång för alla typer får bara fråga med {allowed}.",
    ),
    "scope-value": (
        "A scope has a value that the search parameter {name} does not understand.",
        "Ett behörighetsomfång har ett värde som sökparametern {name} inte förstår.",
    ),
    # ------------------------------------------------------------------ bundles
    "bundle-type": (
        "A Bundle posted here must be of type {allowed}.",
        "En Bundle som skickas hit måste vara av typen {allowed}.",
    ),
    "too-many-entries": (
        "The Bundle has more than {limit} entries.",
        "Bundlen har fler än {limit} poster.",
    ),
    "entry-request": (
        "The entry needs a request with method and url that this server understands.",
        "Posten behöver en request med metod och url som servern förstår.",
    ),
    "entry-elsewhere": (
        "The entry's url is relative to the FHIR base, or begins with it.",
        "Postens url anges relativt FHIR-basen, eller börjar med den.",
    ),
    "entry-bundle": (
        "An entry holds no batch and no transaction of its own.",
        "En post innehåller ingen egen batch eller transaktion.",
    ),
    "entry-apart": (
        "{name} is a call of its own: it stands in no Bundle.",
        "{name} är ett eget anrop: det kan inte stå i en Bundle.",
    ),
    "entry-twice": (
        "Two entries of one transaction write the same resource.",
        "Två poster i samma transaktion skriver samma resurs.",
    ),
    "full-url-twice": (
        "Two entries of the Bundle carry the same fullUrl.",
        "Två poster i Bundlen har samma fullUrl.",
    ),
    "reference-unseen": (
        "The reference leads to nothing here, or to nothing that this caller may see.",
        "Referensen leder inte till något här, eller inte till något som den här användaren får se.",
    ),
    "reference-unresolved": (
        "The reference names an entry that is not in the Bundle, or a condition that nothing meets.",
        "Referensen pekar på en post som inte finns i Bundlen, eller på ett villkor som inget uppfyller.",
    ),
    "all-good": (
        "No issues were found.",
        "Inga brister hittades.",
    ),
    "deleted": (
        "The resource is deleted.",
        "Resursen är borttagen.",
    ),
    # ------------------------------------------------------------------ merging
    "merge-names": (
        "{name} names no Patient of this server: Patient/[id].",
        "{name} anger ingen Patient på den här servern: Patient/[id].",
    ),
    "merge-not-found": (
        "There is no Patient that {name} names, or none that you may know of.",
        "Det finns ingen Patient som {name} anger, eller ingen som du får känna till.",
    ),
    "merge-same": (
        "Source and target are the same Patient.",
        "Källa och mål är samma Patient.",
    ),
    "merge-elsewhere": (
        "{name} is merged into another Patient already; name that one.",
        "{name} är redan sammanförd med en annan Patient; ange den.",
    ),
    "merge-too-large": (
        "More than {limit} resources are about the source. Merge the other way round, or move some first.",
        "Fler än {limit} resurser gäller källan. Sammanför åt andra hållet, eller flytta några först.",
    ),
    "merge-counted": (
        "Resources moved from source to target: {count}.",
        "Resurser flyttade från källa till mål: {count}.",
    ),
    # ------------------------------------------------------------------ what may happen in a discharge case
    "process-no-sip": (
        "Only of a coordinated individual plan (SIP) can it be told where it stands.",
        "Bara för en samordnad individuell plan (SIP) kan servern säga var den står.",
    ),
    "case-not-now": (
        "'{event}' cannot happen now: the case is '{state}'. Allowed: {allowed}.",
        "'{event}' kan inte ske nu: ärendet är '{state}'. Tillåtet: {allowed}.",
    ),
    "case-unknown": (
        "'{event}' is nothing that happens in a case. There are: {allowed}.",
        "'{event}' är inget som sker i ett ärende. Det finns: {allowed}.",
    ),
    "case-takes-nothing-back": (
        "'{event}' has to name, in the extension cancels, what it takes back and still stands; nothing else cancels. It may take back: {allowed}.",
        "'{event}' ska i tillägget cancels peka på det som tas tillbaka och ännu gäller; inget annat återkallar. Det kan ta tillbaka: {allowed}.",
    ),
    "case-corrects-nothing": (
        "A correction replaces a message of the same kind that still stands: {allowed}. Name the last that replaced it.",
        "En rättelse ersätter ett meddelande av samma slag som ännu gäller: {allowed}. Peka på det som senast ersatte det.",
    ),
    "case-correction-reason": (
        "A correction says why, so that the clock is known: {allowed}.",
        "En rättelse säger varför, så att det framgår hur tiden räknas: {allowed}.",
    ),
    "case-breaks-later": (
        "With this, '{event}', which has been sent already, could not have happened: the case would have been '{state}'. Take that back first.",
        "Med detta kunde '{event}', som redan är skickat, inte ha skett: ärendet skulle ha varit '{state}'. Ta tillbaka det först.",
    ),
    "case-sender": (
        "'{event}' is sent by: {allowed}. By the addressing register and the stays of the case the sender is: {parties}.",
        "'{event}' skickas av: {allowed}. Enligt adressregistret och ärendets vårdtillfällen är avsändaren: {parties}.",
    ),
    "case-not-yours": (
        "Staff send a message of a case for units of their own care provider. Name such a unit, or a commission there, as sender.",
        "Personal skickar ett ärendes meddelanden för enheter hos den egna vårdgivaren. Ange en sådan enhet, eller ett uppdrag där, som avsändare.",
    ),
    "late-no-clock": (
        "A message that is registered late says at what time it was given, and not the day alone.",
        "Ett meddelande som efterregistreras anger klockslaget då det lämnades, inte bara dagen.",
    ),
    "late-future": (
        "A message that is registered late was given before now: this moment has not come yet.",
        "Ett meddelande som efterregistreras lämnades före nu: den tidpunkten har inte kommit.",
    ),
    "late-after-sent": (
        "A message that is registered late was given before it was sent here, or at that moment: 'sent' is earlier.",
        "Ett meddelande som efterregistreras lämnades innan det skickades här, eller just då: 'sent' är tidigare.",
    ),
    "late-before-stay": (
        "This message cannot have been given before the stay began.",
        "Det här meddelandet kan inte ha lämnats innan vårdtillfället började.",
    ),
    "action-not-now": (
        "An action that is '{status}' cannot become '{to}'. From there (owner: who does it; requester: who asked, the plan's author and coordinator): {allowed}.",
        "En insats som är '{status}' kan inte bli '{to}'. Därifrån (owner: den som utför; requester: den som bad, planens författare och samordnare): {allowed}.",
    ),
    "action-not-yours": (
        "Here '{to}' is said by: {by}. From there (owner: who does it; requester: who asked, the plan's author and coordinator): {allowed}.",
        "Här sägs '{to}' av: {by}. Därifrån (owner: den som utför; requester: den som bad, planens författare och samordnare): {allowed}.",
    ),
    "action-no-party": (
        "An action is written by its own parties alone. From where it is (owner: who does it; requester: who asked, the plan's author and coordinator): {allowed}.",
        "I en insats skriver bara dess egna parter. Därifrån den är (owner: den som utför; requester: den som bad, planens författare och samordnare): {allowed}.",
    ),
    "handover-not-now": (
        "A handover that is '{status}' cannot become '{to}'. From there (owner: who takes over; requester: who leaves, of a plan its author and coordinator too): {allowed}.",
        "En överlämning som är '{status}' kan inte bli '{to}'. Därifrån (owner: den som tar över; requester: den som lämnar, av en plan även dess författare och samordnare): {allowed}.",
    ),
    "handover-not-yours": (
        "Here '{to}' is said by: {by}. From there (owner: who takes over; requester: who leaves, of a plan its author and coordinator too): {allowed}.",
        "Här sägs '{to}' av: {by}. Därifrån (owner: den som tar över; requester: den som lämnar, av en plan även dess författare och samordnare): {allowed}.",
    ),
    "handover-no-party": (
        "A handover is written by its own parties alone. From where it is (owner: who takes over; requester: who leaves, of a plan its author and coordinator too): {allowed}.",
        "I en överlämning skriver bara dess egna parter. Därifrån den är (owner: den som tar över; requester: den som lämnar, av en plan även dess författare och samordnare): {allowed}.",
    ),
    "handover-reason": (
        "A handover that becomes '{to}' says why: statusReason.",
        "En överlämning som blir '{to}' säger varför: statusReason.",
    ),
    "handover-content": (
        "While the handover is '{status}' this element is changed by: {by} (owner: who takes over; requester: who leaves, of a plan its author and coordinator too). From there: {allowed}.",
        "Medan överlämningen är '{status}' ändras det här elementet av: {by} (owner: den som tar över; requester: den som lämnar, av en plan även dess författare och samordnare). Därifrån: {allowed}.",
    ),
    "handover-delegated": (
        "Who is asked to take over names another within the own care provider alone: a unit or a commission that the directory has under it.",
        "Den som ombeds ta över anger någon annan bara inom den egna vårdgivaren: en enhet eller ett uppdrag som katalogen har under den.",
    ),
    "handover-not-held": (
        "Who leaves does not hold this now: a handover is about an open CareTeam in which the requester is a fast kontakt or the coordinator, a SIP that the requester coordinates, or a case in which the care provider takes part; and about the person whose it is (Task.for).",
        "Den som lämnar har inte detta nu: en överlämning gäller ett öppet CareTeam där den som ber är fast kontakt eller samordnare, en SIP som den samordnar, eller ett ärende där vårdgivaren deltar; och den person som det hör till (Task.for).",
    ),
    "handover-whom": (
        "Who is asked to take over is a commission (PractitionerRole) or a unit (Organization); the yes names the commission as owner.",
        "Den som ombeds ta över är ett uppdrag (PractitionerRole) eller en enhet (Organization); ett ja anger uppdraget som owner.",
    ),
    "report-not-now": (
        "A report that is '{status}' cannot become '{to}'. From there (owner: who is asked; requester: who asks): {allowed}.",
        "En rapport som är '{status}' kan inte bli '{to}'. Därifrån (owner: den som tillfrågas; requester: den som frågar): {allowed}.",
    ),
    "report-not-yours": (
        "Here '{to}' is said by: {by}. From there (owner: who is asked; requester: who asks): {allowed}.",
        "Här sägs '{to}' av: {by}. Därifrån (owner: den som tillfrågas; requester: den som frågar): {allowed}.",
    ),
    "report-no-party": (
        "What is asked about a person is written by who asks and who is asked. From where it is (owner: who is asked; requester: who asks): {allowed}.",
        "I en fråga om en person skriver bara den som frågar och den som tillfrågas. Därifrån den är (owner: den som tillfrågas; requester: den som frågar): {allowed}.",
    ),
    "report-reason": (
        "A report that becomes '{to}' says more: statusReason why it is not given, output what was answered.",
        "En rapport som blir '{to}' säger mer: statusReason varför den inte lämnas, output vad som svarades.",
    ),
    "report-content": (
        "While the report is '{status}' this element is changed by: {by} (owner: who is asked; requester: who asks). From there: {allowed}.",
        "Medan rapporten är '{status}' ändras det här elementet av: {by} (owner: den som tillfrågas; requester: den som frågar). Därifrån: {allowed}.",
    ),
    "report-delegated": (
        "Who is asked hands it on within the own care provider alone: to a unit or a commission that the directory has under it.",
        "Den som tillfrågas lämnar över den bara inom den egna vårdgivaren: till en enhet eller ett uppdrag som katalogen har under den.",
    ),
    "plan-not-yours": (
        "Who answers for a plan, its author and its teams, is changed by its author or its coordinator. Ask one of them, by a Task handover.",
        "Vem som svarar för en plan, dess författare och team, ändras av författaren eller samordnaren. Be någon av dem, med en Task handover.",
    ),
    "action-reason": (
        "An action that becomes '{to}' says why: statusReason.",
        "En insats som blir '{to}' säger varför: statusReason.",
    ),
    "action-content": (
        "While the action is '{status}' this element is changed by: {by} (owner: who does it; requester: who asked, the plan's author and coordinator). From there: {allowed}.",
        "Medan insatsen är '{status}' ändras det här elementet av: {by} (owner: den som utför; requester: den som bad, planens författare och samordnare). Därifrån: {allowed}.",
    ),
    "action-delegated": (
        "Who does an action hands it on within the own care provider alone: to a unit or a commission that the directory has under it.",
        "Den som utför en insats lämnar den vidare bara inom den egna vårdgivaren: till en enhet eller ett uppdrag som katalogen har under den.",
    ),
    "notice-no-stay": (
        "This is no stay that somebody has been admitted to: a notice of admission wants an Encounter of class IMP that has begun, with its person and its unit.",
        "Det här är inget vårdtillfälle som någon är inskriven på: ett inskrivningsmeddelande kräver en Encounter av klassen IMP som har börjat, med person och enhet.",
    ),
    "notice-no-estimate": (
        "A notice of admission tells the estimated discharge: in 'estimated-discharge', or on the stay.",
        "Ett inskrivningsmeddelande anger beräknad tidpunkt för utskrivning: i 'estimated-discharge', eller på vårdtillfället.",
    ),
    "notice-nobody": (
        "The addressing register gives nobody to tell; name the units in 'recipient'. HealthcareService/$addressees says what could not be worked out.",
        "Adressregistret ger ingen att underrätta; ange enheterna i 'recipient'. HealthcareService/$addressees säger vad som inte gick att räkna ut.",
    ),
    "notice-told": (
        "These units have been told of the admission. Allowed: inskrivning to a unit that has not (name it in 'recipient'), inskrivning-andring, a correction, or makulerat.",
        "De här enheterna är redan underrättade om inskrivningen. Tillåtet: inskrivning till en enhet som inte är det (ange den i 'recipient'), inskrivning-andring, en rättelse, eller makulerat.",
    ),
    "notice-no-parties": (
        "The case of this stay has no team of parties, so nobody can be added to it.",
        "Ärendet för det här vårdtillfället saknar parter (CareTeam), så ingen kan läggas till.",
    ),
    "notice-identifier-taken": (
        "Another message has this identifier; a new message has one of its own.",
        "Ett annat meddelande har den här identifieraren; ett nytt meddelande har en egen.",
    ),
    "request-identifier-taken": (
        "Another plan has this identifier; a new request has one of its own.",
        "En annan plan har den här identifieraren; en ny begäran har en egen.",
    ),
    # ------------------------------------------------------------------ receipts
    "receipt-no-acknowledgement": (
        "This Task acknowledges no message: its code is another than 'acknowledge'.",
        "Den här uppgiften (Task) kvitterar inget meddelande: dess kod är en annan än 'acknowledge'.",
    ),
    "receipt-not-yours": (
        "The unit that the message came to acknowledges it, and nobody for it.",
        "Ett meddelande kvitteras av den enhet som det kom till, och av ingen annan i dess ställe.",
    ),
    "receipt-by-operation": (
        "An acknowledgement is made by the server, and answered by Task/$acknowledge.",
        "En kvittens skapas av servern och besvaras med Task/$acknowledge.",
    ),
    "receipt-taken": (
        "Somebody else has taken this message. Who takes it over all the same names the version in If-Match.",
        "Någon annan har tagit hand om meddelandet. Den som ändå tar över det anger versionen i If-Match.",
    ),
    "receipt-over": (
        "This cannot be said of a message whose acknowledgement is '{status}'. Allowed: {allowed}.",
        "Det går inte att säga om ett meddelande vars kvittens är '{status}'. Tillåtet: {allowed}.",
    ),
    "forward-elsewhere": (
        "A message is sent on to a unit of the same provider that is open. Units of others are told by whoever sent it.",
        "Ett meddelande vidarebefordras till en enhet hos samma huvudman som är i drift. Enheter hos andra underrättas av den som skickade det.",
    ),
    "forward-told": (
        "This unit has the message already.",
        "Den här enheten har redan meddelandet.",
    ),
    # ------------------------------------------------------------------ threads
    "thread-other": (
        "A message is of the thread that it was sent in, and a reply of that of what it replies to. Leave the extension thread out, or name that one.",
        "Ett meddelande hör till den tråd som det skickades i, och ett svar till samma tråd som det svarar på. Utelämna tillägget thread, eller ange den tråden.",
    ),
    "thread-other-person": (
        "A thread is about one person: a reply has the same subject as what it replies to.",
        "En tråd handlar om en person: ett svar gäller samma person (subject) som det som det svarar på.",
    ),
    "thread-reply-to": (
        "A free reply goes to who sent what it replies to, and to the parties of its case or plan. For others, send a new message or use Communication/$forward.",
        "Ett fritt svar går till den som skickade det som besvaras, och till parterna i ärendet eller planen. Till andra skickas ett nytt meddelande, eller används Communication/$forward.",
    ),
    "thread-free-kept": (
        "A free message that was sent stays as it was sent: it is not edited, deleted, corrected or taken back. What may still be added are received, note and meta; answer it by another message.",
        "Ett fritt meddelande som har skickats består som det skickades: det ändras, raderas, rättas eller makuleras inte. Det som ännu får läggas till är received, note och meta; besvara det med ett nytt meddelande.",
    ),
    "message-identifier-taken": (
        "Another message has this identifier, or it said another thing when it was sent; a new message has an identifier of its own.",
        "Ett annat meddelande har den här identifieraren, eller så sade det något annat när det skickades; ett nytt meddelande har en egen identifierare.",
    ),
    # ------------------------------------------------------------------ a form that is answered
    "form-unknown-item": (
        "The questionnaire does not ask this here. Allowed here (linkId): {allowed}.",
        "Formuläret frågar inte detta här. Tillåtet här (linkId): {allowed}.",
    ),
    "form-item-twice": (
        "This item stands once: a question that repeats has several answers, and only a group that repeats stands several times.",
        "Den här posten står en gång: en fråga som upprepas har flera svar, och bara en grupp som upprepas står flera gånger.",
    ),
    "form-no-question": (
        "This item is no question ({kind}) and has no answer.",
        "Den här posten är ingen fråga ({kind}) och har inget svar.",
    ),
    "form-one-answer": (
        "The question takes one answer.",
        "Frågan har ett svar.",
    ),
    "form-answer-kind": (
        "The answer is of another kind than the question. Allowed: {allowed}.",
        "Svaret är av ett annat slag än frågan. Tillåtet: {allowed}.",
    ),
    "form-answer-option": (
        "The answer is none of those that the question offers: {allowed}.",
        "Svaret är inget av dem som frågan erbjuder: {allowed}.",
    ),
    "form-unanswered": (
        "The question '{link}' is to be answered before the response is completed. While it is not, its status is in-progress.",
        "Frågan '{link}' ska besvaras innan svaret är klart. Fram till dess har det status in-progress.",
    ),
    "form-unknown": (
        "No such questionnaire is kept here: {allowed}.",
        "Det formuläret finns inte här: {allowed}.",
    ),
    "form-source": (
        "The questionnaire's variable '{name}' is not understood: an x-fhir-query of a type that is kept here, about %patient.id alone.",
        "Formulärets variabel '{name}' går inte att förstå: en x-fhir-query för en typ som finns här, som bara rör %patient.id.",
    ),
    "form-expression": (
        "What would fill in '{link}' is not understood: FHIRPath that begins with one of {allowed}.",
        "Det som skulle fylla i '{link}' går inte att förstå: FHIRPath som börjar med någon av {allowed}.",
    ),
    "form-not-fitting": (
        "What was found for '{link}' does not answer it, and was left out.",
        "Det som hittades för '{link}' besvarar inte frågan och utelämnades.",
    ),
    "response-unrecorded": (
        "Somebody else answers here. Say how it was given (means: orally or on paper) and that you recorded it (recorded-by: your own commission or yourself), or leave source and author out.",
        "Någon annan svarar här. Ange hur svaret lämnades (means: muntligt eller på papper) och att du har antecknat det (recorded-by: ditt eget uppdrag eller du själv), eller utelämna source och author.",
    ),
    "form-nothing-asked": (
        "Nothing follows from this response: it is completed, of a questionnaire that a Task asks the unit for, and the Task is open.",
        "Inget följer av det här svaret: det ska vara klart, besvara ett formulär som en Task ber enheten om, och den ska vara öppen.",
    ),
    # ------------------------------------------------------------------ a SIP as a document
    "not-text": (
        "The body is not text in UTF-8.",
        "Innehållet är inte text i UTF-8.",
    ),
    "no-document": (
        "The document is missing: send it as text/plain, or as the string `document` in Parameters.",
        "Dokumentet saknas: skicka det som text/plain, eller som strängen `document` i Parameters.",
    ),
    "sip-too-long": (
        "The document has more than {limit} lines.",
        "Dokumentet har fler än {limit} rader.",
    ),
    "sip-no-person": (
        "The line 'Person' is missing: whose plan is it? Write it so: {example}",
        "Raden 'Person' saknas: vems plan är det? Skriv så här: {example}",
    ),
    "sip-no-responsible": (
        "The line 'Huvudansvar' is missing: which region or municipality has the overall responsibility for the plan? The law wants it said. Write it so: {example}",
        "Raden 'Huvudansvar' saknas: vilken region eller kommun har det övergripande ansvaret för planen? Lagen kräver att det framgår. Skriv så här: {example}",
    ),
    "sip-no-coordinator": (
        "The line 'Samordnare' is missing: which member of staff keeps the plan together? Write it so: {example}",
        "Raden 'Samordnare' saknas: vilken medarbetare håller ihop planen? Skriv så här: {example}",
    ),
    "sip-no-consent": (
        "The line 'Samtycke' is missing: a SIP is made with the person's consent only. Say the day, and muntligt, skriftligt or digitalt. Write it so: {example} (or write 'Status: utkast' until it is given)",
        "Raden 'Samtycke' saknas: en SIP görs bara med personens samtycke. Ange dagen, och muntligt, skriftligt eller digitalt. Skriv så här: {example} (eller skriv 'Status: utkast' tills det finns)",
    ),
    "sip-no-goal": (
        "A line 'Mål' is missing: an active SIP has at least one goal, from the person's needs. Write it so: {example}",
        "En rad 'Mål' saknas: en pågående SIP har minst ett mål, som utgår från personens behov. Skriv så här: {example}",
    ),
    "sip-no-action": (
        "A line 'Insats' is missing: an active SIP says what is to be done, and who answers for it. Write it so: {example}",
        "En rad 'Insats' saknas: en pågående SIP säger vad som ska göras, och vem som ansvarar för det. Skriv så här: {example}",
    ),
    "sip-no-crisis-step": (
        "A line 'Krisplan gör' is missing: a crisis plan says what to do. Write it so: {example}",
        "En rad 'Krisplan gör' saknas: en krisplan säger vad man ska göra. Skriv så här: {example}",
    ),
    "sip-line-unknown": (
        "Line {line} does not begin with a word known here and a colon. The words are: {allowed}. Lines that begin with # are passed over.",
        "Rad {line} börjar inte med ett känt ord och ett kolon. Orden är: {allowed}. Rader som börjar med # läses inte.",
    ),
    "sip-line-empty": (
        "Line {line}: '{word}' says nothing. Write it so: {example}",
        "Rad {line}: '{word}' säger inget. Skriv så här: {example}",
    ),
    "sip-line-twice": (
        "Line {line}: '{word}' may stand once only, and stands on line {first} already.",
        "Rad {line}: '{word}' får bara stå en gång, och står redan på rad {first}.",
    ),
    "sip-line-text": (
        "Line {line}: what follows '{word}' must be text without control characters, {limit} characters at the most. Write it so: {example}",
        "Rad {line}: det som följer på '{word}' ska vara text utan styrtecken, högst {limit} tecken. Skriv så här: {example}",
    ),
    "sip-line-name": (
        "Line {line}: '{word}' names somebody in a way that is not understood here. Allowed: {allowed}. Write it so: {example}",
        "Rad {line}: '{word}' anger någon på ett sätt som inte förstås här. Tillåtet: {allowed}. Skriv så här: {example}",
    ),
    "sip-line-date": (
        "Line {line}: '{word}' wants a day that exists, as ÅÅÅÅ-MM-DD (year, month, day; from 1900 to 2199). Write it so: {example}",
        "Rad {line}: '{word}' ska ha en dag som finns, som ÅÅÅÅ-MM-DD (från 1900 till 2199). Skriv så här: {example}",
    ),
    "sip-line-time": (
        "Line {line}: '{word}' wants a day and a time that exist on Stockholm's clocks, as ÅÅÅÅ-MM-DD tt:mm or ÅÅÅÅ-MM-DD tt:mm-tt:mm. Write it so: {example}",
        "Rad {line}: '{word}' ska ha en dag och en tid som finns i Stockholm, som ÅÅÅÅ-MM-DD tt:mm eller ÅÅÅÅ-MM-DD tt:mm-tt:mm. Skriv så här: {example}",
    ),
    "sip-line-order": (
        "Line {line}: '{word}' ends before it begins. Write it so: {example}",
        "Rad {line}: '{word}' slutar innan det börjar. Skriv så här: {example}",
    ),
    "sip-line-future": (
        "Line {line}: '{word}' has a day in the future; it is told once it was given. Write it so: {example}",
        "Rad {line}: '{word}' har en dag i framtiden; det anges när det har lämnats. Skriv så här: {example}",
    ),
    "sip-line-code": (
        "Line {line}: '{word}' knows these: {allowed}. Write it so: {example}",
        "Rad {line}: '{word}' har dessa val: {allowed}. Skriv så här: {example}",
    ),
    "sip-line-uri": (
        "Line {line}: '{word}' wants a URI, as urn:uuid:… or https://…. Write it so: {example}",
        "Rad {line}: '{word}' ska vara en URI, som urn:uuid:… eller https://…. Skriv så här: {example}",
    ),
    "sip-line-parts": (
        "Line {line}: '{word}' has too many parts, too few, or one that is not known. Write it so: {example}",
        "Rad {line}: '{word}' har för många delar, för få, eller en som inte är känd. Skriv så här: {example}",
    ),
    "sip-action-nobody": (
        "Line {line}: '{word}' does not say who answers for it: a unit (HSA-id), personen, or RelatedPerson/[id], after a |. Write it so: {example}",
        "Rad {line}: '{word}' säger inte vem som ansvarar för den: en enhet (HSA-id), personen, eller RelatedPerson/[id], efter ett |. Skriv så här: {example}",
    ),
    "sip-action-goal": (
        "Line {line}: '{word}' names a goal that is not there; the goals are counted from 1, and there are {limit}.",
        "Rad {line}: '{word}' anger ett mål som inte finns; målen räknas från 1, och de är {limit}.",
    ),
    "sip-exclusion-what": (
        "Line {line}: '{word}' does not say what nobody may know, after a |; a consent that keeps everything from everybody is none. Write it so: {example}",
        "Rad {line}: '{word}' säger inte vad som ingen får veta, efter ett |; ett samtycke som undantar allt för alla är inget samtycke. Skriv så här: {example}",
    ),
    "sip-exclusion-takes-part": (
        "Line {line}: '{word}' lets somebody know nothing who has an action, takes part, coordinates or has the overall responsibility. Say after a | what they may not know, or leave them out of the plan.",
        "Rad {line}: '{word}' undantar allt för någon som har en insats, deltar, samordnar eller har huvudansvaret. Skriv efter ett | vad de inte får veta, eller ta bort dem ur planen.",
    ),
    "sip-unknown-person": (
        "Line {line}: nobody here has that identifier, or nobody that you may know of. Write the Patient first, or correct the line.",
        "Rad {line}: ingen här har den identifieraren, eller ingen som du får känna till. Skriv in Patient först, eller rätta raden.",
    ),
    "sip-unknown-unit": (
        "Line {line}: no unit or organisation here has that HSA-id or organisationsnummer. Write the Organization first, or correct the line.",
        "Rad {line}: ingen enhet eller organisation här har det HSA-id:t eller organisationsnumret. Skriv in Organization först, eller rätta raden.",
    ),
    "sip-unknown-staff": (
        "Line {line}: nobody here who may stand there has that HSA-id. Write the PractitionerRole (or the Organization) first, or correct the line.",
        "Rad {line}: ingen här som får stå där har det HSA-id:t. Skriv in PractitionerRole (eller Organization) först, eller rätta raden.",
    ),
    "sip-unknown-relative": (
        "Line {line}: the person has no such relative here. Write the RelatedPerson, with the person as patient, first, or correct the line.",
        "Rad {line}: personen har ingen sådan närstående här. Skriv in RelatedPerson, med personen som patient, först, eller rätta raden.",
    ),
    "sip-unknown-plan": (
        "Line {line}: the person has no such plan here, or none that you may know of. Write that plan first, or correct the line.",
        "Rad {line}: personen har ingen sådan plan här, eller ingen som du får känna till. Skriv den planen först, eller rätta raden.",
    ),
    "sip-several": (
        "Line {line}: several here have that identifier; name the one that is meant as Type/[id].",
        "Rad {line}: flera här har den identifieraren; ange den som avses som Typ/[id].",
    ),
    "sip-identifier-taken": (
        "The plan that 'Identifierare' names is that of another person.",
        "Planen som 'Identifierare' anger är en annan persons.",
    ),
    # ------------------------------------------------------------------ approving a plan
    "approve-status": (
        "Only a plan that is {allowed} can be approved; this one has ended, or stands still.",
        "Bara en plan som är {allowed} kan godkännas; den här är avslutad eller vilande.",
    ),
    "approve-no-party": (
        "'party' is no party of this plan. Parties are its subject, its contributors, those who own or perform its actions, the members of its team, and the huvudman that the team answers to.",
        "'party' är ingen part i planen. Parter är personen själv, de medverkande (contributor), de som äger eller utför dess insatser, medlemmarna i dess team, och den huvudman som teamet hör till.",
    ),
    "approve-not-recorded": (
        "An approval that was given orally or in writing is recorded by a named member of staff: recordedBy.",
        "Ett godkännande som lämnats muntligt eller skriftligt antecknas av en namngiven medarbetare: recordedBy.",
    ),
    "approve-recorder": (
        "There is no member of staff here that 'recordedBy' names, or none that you may know of.",
        "Det finns ingen medarbetare här som 'recordedBy' anger, eller ingen som du får känna till.",
    ),
    "approve-future": (
        "'when' is in the future; an approval is recorded once it was given.",
        "'when' ligger i framtiden; ett godkännande antecknas när det har lämnats.",
    ),
    # ------------------------------------------------------------------ emergency access
    "emergency-caller": (
        "Emergency access is for staff of a provider who act under a commission, for the purpose of care.",
        "Nödöppning är till för personal hos en vårdgivare som handlar enligt ett medarbetaruppdrag, för ändamålet vård och behandling.",
    ),
    "emergency-health-care": (
        "In the mode {mode} the law gives emergency access to providers of health care alone: the addressing register does not say that the unit of this commission gives health care.",
        "På sättet {mode} medger lagen nödöppning bara för vårdgivare: adressregistret säger inte att uppdragets enhet ger hälso- och sjukvård.",
    ),
    "emergency-reason": (
        "'reason' says why, in {limit} to {most} characters.",
        "'reason' ska säga varför, med {limit} till {most} tecken.",
    ),
    "emergency-too-many": (
        "This person has had emergency access {limit} times in 24 hours already. The attempt has been told of.",
        "Den här personen har redan nödöppnat {limit} gånger under 24 timmar. Försöket har rapporterats.",
    ),
    # ------------------------------------------------------------------ patching
    "patch-too-long": (
        "A patch has at most {limit} operations.",
        "En patch har högst {limit} operationer.",
    ),
    "patch-too-large": (
        "What the patch makes is larger than {limit} bytes.",
        "Det som patchen skapar är större än {limit} byte.",
    ),
    "patch-too-costly": (
        "The paths of the patch look at more than {limit} elements. Send it in several parts, or the whole resource by PUT.",
        "Patchens sökvägar ser på fler än {limit} element. Dela upp den, eller skicka hela resursen med PUT.",
    ),
    "patch-not-a-list": (
        "A JSON Patch is a JSON array of operations.",
        "En JSON Patch är en JSON-lista med operationer.",
    ),
    "patch-not-an-object": (
        "A JSON merge patch of a resource is a JSON object.",
        "En JSON merge patch för en resurs är ett JSON-objekt.",
    ),
    "patch-operation": (
        "Operation [{number}] is none of JSON Patch: add, replace and test need path and value; move and copy need from and path; remove needs path.",
        "Operation [{number}] är ingen av dem i JSON Patch: add, replace och test behöver path och value; move och copy behöver from och path; remove behöver path.",
    ),
    "patch-pointer": (
        "A path in operation [{number}] is no JSON Pointer: it is empty or begins with '/', and '~' stands only in '~0' and '~1'.",
        "En sökväg i operation [{number}] är ingen JSON Pointer: den är tom eller börjar med '/', och '~' står bara i '~0' och '~1'.",
    ),
    "patch-nothing-there": (
        "Operation [{number}] ({op}) points at something that is not there.",
        "Operation [{number}] ({op}) pekar på något som inte finns.",
    ),
    "patch-no-place": (
        "Operation [{number}] ({op}) points at a place that cannot take a value: beyond the end of a list, or inside something that is neither a list nor an object.",
        "Operation [{number}] ({op}) pekar på en plats som inte kan ta emot ett värde: bortom slutet av en lista, eller inuti något som varken är en lista eller ett objekt.",
    ),
    "patch-whole-resource": (
        "Operation [{number}] ({op}) would take away the whole resource. Use DELETE.",
        "Operation [{number}] ({op}) skulle ta bort hela resursen. Använd DELETE.",
    ),
    "patch-into-itself": (
        "Operation [{number}] ({op}) would move something into itself.",
        "Operation [{number}] ({op}) skulle flytta något in i sig självt.",
    ),
    "patch-test-failed": (
        "Operation [{number}] (test) found something else than it expected. Nothing was changed.",
        "Operation [{number}] (test) fann något annat än väntat. Inget har ändrats.",
    ),
    "patch-parameters": (
        "A FHIRPath Patch is a Parameters resource: each parameter has the name 'operation' and parts, each part a name.",
        "En FHIRPath Patch är en Parameters-resurs: varje parameter har namnet 'operation' och delar (part), varje del ett namn.",
    ),
    "patch-type": (
        "The type of an operation is one of: {allowed}.",
        "En operations typ är en av: {allowed}.",
    ),
    "patch-parts": (
        "The operation '{type}' takes these parts, and no others, beside its type: {allowed}.",
        "Operationen '{type}' har dessa delar, och inga andra, utöver sin typ: {allowed}.",
    ),
    "patch-part-twice": (
        "A part stands twice in one operation.",
        "En del förekommer två gånger i en operation.",
    ),
    "patch-part": (
        "The part '{name}' cannot be understood. Expected: {expected}.",
        "Delen '{name}' kan inte tolkas. Väntat: {expected}.",
    ),
    "patch-value": (
        "The part '{name}' has one value[x] of the kind of JSON that its type has, or a resource, or parts that have such values.",
        "Delen '{name}' har ett value[x] med det slags JSON som dess typ har, eller en resurs, eller delar som har sådana värden.",
    ),
    "patch-path": (
        "The path is no FHIRPath, or beyond what a patch understands: names of elements (a choice without its type), [n], first(), last(), single(), where(…), ofType(…), as, extension(url). Inside where(…) stand such paths with exists(), empty() and not(), and comparisons of simple values, joined by and, or.",
        "Sökvägen är inte FHIRPath, eller mer än en patch förstår: elementnamn (ett val utan sin typ), [n], first(), last(), single(), where(…), ofType(…), as, extension(url). Inuti where(…) står sådana sökvägar med exists(), empty() och not(), och jämförelser av enkla värden, förenade med and, or.",
    ),
    "patch-path-type": (
        "The path begins with another type than that of the resource ({type}).",
        "Sökvägen börjar med en annan typ än resursens ({type}).",
    ),
    "patch-path-nothing": (
        "The path leads to nothing in this resource.",
        "Sökvägen leder inte till något i denna resurs.",
    ),
    "patch-path-several": (
        "The path leads to several elements; it must lead to one. Add [n] or where(…).",
        "Sökvägen leder till flera element; den måste leda till ett. Lägg till [n] eller where(…).",
    ),
    "patch-there-already": (
        "The element '{name}' does not repeat, and there is one already. Use replace.",
        "Elementet '{name}' kan inte upprepas, och det finns redan. Använd replace.",
    ),
    "patch-root": (
        "The operation '{type}' applies to an element, not to the whole resource.",
        "Operationen '{type}' gäller ett element, inte hela resursen.",
    ),
    "patch-no-list": (
        "The element '{name}' does not repeat: there is no list to insert into or to move within.",
        "Elementet '{name}' kan inte upprepas: det finns ingen lista att infoga i eller flytta inom.",
    ),
    "patch-beyond": (
        "The part '{name}' counts from 0 and may be {limit} at most here.",
        "Delen '{name}' räknas från 0 och får här vara högst {limit}.",
    ),
    "patch-type-differs": (
        "The element '{name}' takes no value of the type given. Allowed: {allowed}.",
        "Elementet '{name}' tar inget värde av den angivna typen. Tillåtna: {allowed}.",
    ),
    "patch-identity": (
        "A patch changes neither the type of a resource nor its id.",
        "En patch ändrar varken en resurs typ eller dess id.",
    ),
    "patch-binary": (
        "A patch in a Binary needs contentType and data.",
        "En patch i en Binary behöver contentType och data.",
    ),
    "masked-touched": (
        "A part of the resource is masked for the caller: it stays as it is, and where it stands. Leave the part out, and change the rest.",
        "En del av resursen är maskerad för den som frågar: den blir som den är, där den är. Utelämna delen och ändra resten.",
    ),
    "subsetted": (
        "The resource is tagged SUBSETTED: it is a part of one. Read the whole resource and change that.",
        "Resursen är märkt SUBSETTED: den är en del av en resurs. Läs hela resursen och ändra i den.",
    ),
    # ------------------------------------------------------------------ content: shape
    "not-a-resource": (
        "A resource is a JSON object with a resourceType.",
        "En resurs är ett JSON-objekt med resourceType.",
    ),
    "no-such-resource-type": (
        "The resourceType is none of FHIR R4's.",
        "resourceType är ingen av resurstyperna i FHIR R4.",
    ),
    "unknown-element": (
        "FHIR R4 has no element '{name}' in {type}.",
        "FHIR R4 har inget element '{name}' i {type}.",
    ),
    "unknown-member": (
        "There is a member here that is no element of {type}.",
        "Här finns en medlem som inte är något element i {type}.",
    ),
    "not-object": (
        "A JSON object is expected here.",
        "Ett JSON-objekt väntas här.",
    ),
    "not-array": (
        "The element may repeat, so it stands in a JSON array.",
        "Elementet kan upprepas och står därför i en JSON-lista.",
    ),
    "not-single": (
        "The element does not repeat, so no JSON array may stand here.",
        "Elementet kan inte upprepas, så här får ingen JSON-lista stå.",
    ),
    "null": (
        "null says nothing here. Leave the element out.",
        "null säger ingenting här. Utelämna elementet.",
    ),
    "empty-object": (
        "An object is never empty. Leave the element out.",
        "Ett objekt är aldrig tomt. Utelämna elementet.",
    ),
    "empty-array": (
        "A list is never empty. Leave the element out.",
        "En lista är aldrig tom. Utelämna elementet.",
    ),
    "no-value": (
        "The element has neither a value nor children; an id alone is not enough.",
        "Elementet har varken värde eller underelement; enbart ett id räcker inte.",
    ),
    "missing": (
        "The element '{name}' is required.",
        "Elementet '{name}' är obligatoriskt.",
    ),
    "missing-choice": (
        "One of the elements '{name}[x]' is required.",
        "Ett av elementen '{name}[x]' är obligatoriskt.",
    ),
    "choice-twice": (
        "Only one of the elements '{name}[x]' may be present.",
        "Bara ett av elementen '{name}[x]' får finnas.",
    ),
    "sibling-length": (
        "The list of ids and extensions must be as long as the list of values that it belongs to.",
        "Listan med id och tillägg måste vara lika lång som den lista med värden som den hör till.",
    ),
    "extension-content": (
        "An extension has either a value or extensions of its own, and not both.",
        "Ett tillägg har antingen ett värde eller egna tillägg, inte båda.",
    ),
    "too-many-issues": (
        "There are more issues than these {limit}.",
        "Det finns fler brister än dessa {limit}.",
    ),
    # ------------------------------------------------------------------ content: values
    "value-base64Binary": (
        "Expected base64 with its padding.",
        "Base64 med utfyllnad väntas.",
    ),
    "value-boolean": (
        "Expected true or false, without quotation marks.",
        "true eller false väntas, utan citattecken.",
    ),
    "value-canonical": (
        "Expected a canonical URL, without white space.",
        "En kanonisk URL utan blanktecken väntas.",
    ),
    "value-code": (
        "Expected a code: no white space around it, single spaces at most within.",
        "En kod väntas: inga blanktecken runt om, högst enstaka blanksteg inuti.",
    ),
    "value-date": (
        "Expected a date: YYYY, YYYY-MM or YYYY-MM-DD, and a day that exists.",
        "Ett datum väntas: ÅÅÅÅ, ÅÅÅÅ-MM eller ÅÅÅÅ-MM-DD, och en dag som finns.",
    ),
    "value-dateTime": (
        "Expected a date, or a date and time to the second with its zone: YYYY-MM-DDThh:mm:ss+hh:mm.",
        "Ett datum väntas, eller datum och tid med sekunder och tidszon: ÅÅÅÅ-MM-DDThh:mm:ss+hh:mm.",
    ),
    "value-decimal": (
        "Expected a number, without quotation marks.",
        "Ett tal väntas, utan citattecken.",
    ),
    "value-element-id": (
        "Expected an id without white space.",
        "Ett id utan blanktecken väntas.",
    ),
    "value-id": (
        "Expected an id: 1 to 64 characters out of A-Z a-z 0-9 - and . only.",
        "Ett id väntas: 1 till 64 tecken ur A-Z a-z 0-9 - och . och inget annat.",
    ),
    "value-instant": (
        "Expected a moment to the second with its zone: YYYY-MM-DDThh:mm:ss+hh:mm.",
        "En tidpunkt med sekunder och tidszon väntas: ÅÅÅÅ-MM-DDThh:mm:ss+hh:mm.",
    ),
    "value-integer": (
        "Expected a whole number of 32 bits, without quotation marks, fraction or exponent.",
        "Ett heltal om 32 bitar väntas, utan citattecken, decimaler och exponent.",
    ),
    "value-markdown": (
        "Expected text that is not blank, has no control characters and is at most 1 MB.",
        "Text väntas, som inte är blank, saknar styrtecken och är högst 1 MB.",
    ),
    "value-oid": (
        "Expected an OID as a URN: urn:oid:1.2.3.",
        "En OID som URN väntas: urn:oid:1.2.3.",
    ),
    "value-positiveInt": (
        "Expected a whole number from 1, without quotation marks.",
        "Ett heltal från 1 väntas, utan citattecken.",
    ),
    "value-string": (
        "Expected text that is not blank, has no control characters and is at most 1 MB.",
        "Text väntas, som inte är blank, saknar styrtecken och är högst 1 MB.",
    ),
    "value-time": (
        "Expected a time to the second: hh:mm:ss, from 00:00:00 on.",
        "Ett klockslag med sekunder väntas: hh:mm:ss, från 00:00:00.",
    ),
    "value-unsignedInt": (
        "Expected a whole number from 0, without quotation marks.",
        "Ett heltal från 0 väntas, utan citattecken.",
    ),
    "value-uri": (
        "Expected a URI, without white space.",
        "En URI utan blanktecken väntas.",
    ),
    "value-url": (
        "Expected a URL, without white space.",
        "En URL utan blanktecken väntas.",
    ),
    "value-uuid": (
        "Expected a UUID as a URN in lower case: urn:uuid:….",
        "En UUID som URN med små bokstäver väntas: urn:uuid:….",
    ),
    "value-xhtml": (
        "Expected a string that holds one XHTML div.",
        "En sträng med en div i XHTML väntas.",
    ),
    "code-not-allowed": (
        "The code is not one of those allowed here: {allowed}.",
        "Koden är ingen av dem som är tillåtna här: {allowed}.",
    ),
    "concept-not-allowed": (
        "None of the codings is one of those required here: {allowed}.",
        "Ingen av kodningarna är en av dem som krävs här: {allowed}.",
    ),
    # ------------------------------------------------------------------ content: references and contained resources
    "reference-form": (
        "A reference is Type/id, an absolute http(s) URL, a URN, or #id of a contained resource.",
        "En referens är Typ/id, en absolut URL med http(s), en URN, eller #id för en innesluten resurs.",
    ),
    "reference-target": (
        "The reference may only point at: {allowed}.",
        "Referensen får bara peka på: {allowed}.",
    ),
    "reference-type-differs": (
        "The type given differs from the type that the reference names.",
        "Den angivna typen skiljer sig från den typ som referensen anger.",
    ),
    "fragment-unresolved": (
        "No contained resource has this id.",
        "Ingen innesluten resurs har detta id.",
    ),
    "contained-nested": (
        "A contained resource contains no resources itself.",
        "En innesluten resurs innesluter inte själv några resurser.",
    ),
    "contained-unused": (
        "A contained resource must be referred to from the resource, or refer to it with '#'.",
        "En innesluten resurs måste refereras från resursen, eller referera till den med '#'.",
    ),
    "contained-versioned": (
        "A contained resource has no versionId and no lastUpdated of its own.",
        "En innesluten resurs har ingen egen versionId och ingen egen lastUpdated.",
    ),
    "contained-labelled": (
        "A contained resource has no security labels of its own.",
        "En innesluten resurs har inga egna säkerhetsetiketter.",
    ),
    "contained-without-id": (
        "A contained resource needs an id.",
        "En innesluten resurs behöver ett id.",
    ),
    "contained-id-twice": (
        "Two contained resources have the same id.",
        "Två inneslutna resurser har samma id.",
    ),
    # ------------------------------------------------------------------ content: profiles
    "no-such-profile": (
        "The server has no such profile. It has: {expected}.",
        "Servern har ingen sådan profil. Den har: {expected}.",
    ),
    "profile-unknown": (
        "The profile claimed here is not known to this server, so nothing was checked against it.",
        "Profilen som anges här är inte känd av servern, så inget har kontrollerats mot den.",
    ),
    "profile-other-type": (
        "The profile {profile} is about another type: {expected}.",
        "Profilen {profile} gäller en annan typ: {expected}.",
    ),
    "profile-missing": (
        "The element '{name}' is required by the profile {profile}.",
        "Elementet '{name}' är obligatoriskt enligt profilen {profile}.",
    ),
    "profile-too-few": (
        "The element '{name}' must stand at least {limit} times by the profile {profile}.",
        "Elementet '{name}' måste förekomma minst {limit} gånger enligt profilen {profile}.",
    ),
    "profile-forbidden": (
        "The element '{name}' may not stand here by the profile {profile}.",
        "Elementet '{name}' får inte förekomma här enligt profilen {profile}.",
    ),
    "profile-too-many": (
        "The element '{name}' may stand at most {limit} times by the profile {profile}.",
        "Elementet '{name}' får förekomma högst {limit} gånger enligt profilen {profile}.",
    ),
    "profile-slice-missing": (
        "Among '{name}' the profile {profile} requires one that is a '{slice}'.",
        "Bland '{name}' kräver profilen {profile} en som är '{slice}'.",
    ),
    "profile-slice-too-few": (
        "Among '{name}' the profile {profile} requires at least {limit} that are a '{slice}'.",
        "Bland '{name}' kräver profilen {profile} minst {limit} som är '{slice}'.",
    ),
    "profile-slice-forbidden": (
        "Among '{name}' the profile {profile} allows none that is a '{slice}'.",
        "Bland '{name}' tillåter profilen {profile} ingen som är '{slice}'.",
    ),
    "profile-slice-too-many": (
        "Among '{name}' the profile {profile} allows at most {limit} that are a '{slice}'.",
        "Bland '{name}' tillåter profilen {profile} högst {limit} som är '{slice}'.",
    ),
    "profile-slice-none": (
        "This '{name}' is none of those that the profile {profile} allows: {allowed}.",
        "Denna '{name}' är ingen av dem som profilen {profile} tillåter: {allowed}.",
    ),
    "profile-slice-order": (
        "The '{name}' must stand in the order of the profile {profile}: {allowed}.",
        "'{name}' måste stå i den ordning som profilen {profile} anger: {allowed}.",
    ),
    "profile-slice-last": (
        "By the profile {profile} the '{name}' that it names ({allowed}) stand before all others.",
        "Enligt profilen {profile} står de '{name}' som den namnger ({allowed}) före alla andra.",
    ),
    "profile-fixed": (
        "The value of '{name}' must be exactly {value} by the profile {profile}.",
        "Värdet av '{name}' måste vara exakt {value} enligt profilen {profile}.",
    ),
    "profile-pattern": (
        "The value of '{name}' must have {value} in it by the profile {profile}.",
        "Värdet av '{name}' måste innehålla {value} enligt profilen {profile}.",
    ),
    "profile-too-long": (
        "The value of '{name}' may have at most {limit} characters by the profile {profile}.",
        "Värdet av '{name}' får ha högst {limit} tecken enligt profilen {profile}.",
    ),
    "profile-below": (
        "The value of '{name}' must not be less or earlier than {limit} by the profile {profile}.",
        "Värdet av '{name}' får inte vara mindre eller tidigare än {limit} enligt profilen {profile}.",
    ),
    "profile-above": (
        "The value of '{name}' must not be greater or later than {limit} by the profile {profile}.",
        "Värdet av '{name}' får inte vara större eller senare än {limit} enligt profilen {profile}.",
    ),
    "profile-type": (
        "By the profile {profile} '{name}' is of one of these types: {allowed}.",
        "Enligt profilen {profile} är '{name}' av en av dessa typer: {allowed}.",
    ),
    "profile-of-type": (
        "By the profile {profile} '{name}' keeps to one of: {allowed}.",
        "Enligt profilen {profile} följer '{name}' en av: {allowed}.",
    ),
    "profile-target": (
        "By the profile {profile} the reference may only point at: {allowed}.",
        "Enligt profilen {profile} får referensen bara peka på: {allowed}.",
    ),
    "profile-of-target": (
        "By the profile {profile} the contained resource that the reference points at keeps to one of: {allowed}.",
        "Enligt profilen {profile} följer den inneslutna resurs som referensen pekar på en av: {allowed}.",
    ),
    "profile-code": (
        "The code is not one of those that the profile {profile} allows: {allowed}.",
        "Koden är ingen av dem som profilen {profile} tillåter: {allowed}.",
    ),
    "profile-concept": (
        "None of the codings is one of those that the profile {profile} requires: {allowed}.",
        "Ingen av kodningarna är en av dem som profilen {profile} kräver: {allowed}.",
    ),
    "profile-code-advised": (
        "The code is none of those of the profile {profile}, which are to be used where one fits: {allowed}.",
        "Koden är ingen av dem i profilen {profile}, vilka ska användas när någon passar: {allowed}.",
    ),
    "profile-concept-advised": (
        "None of the codings is one of the profile {profile}, which are to be used where one fits: {allowed}.",
        "Ingen av kodningarna är en av dem i profilen {profile}, vilka ska användas när någon passar: {allowed}.",
    ),
    "profile-constraint": (
        "The constraint {key} of the profile {profile} is broken: {human}",
        "Villkoret {key} i profilen {profile} är brutet: {swedish}",
    ),
    "profile-constraint-advised": (
        "The recommendation {key} of the profile {profile} is not followed: {human}",
        "Rekommendationen {key} i profilen {profile} följs inte: {swedish}",
    ),
    "extension-context": (
        "The extension {profile} does not belong here. It extends: {allowed}.",
        "Tillägget {profile} hör inte hemma här. Det utökar: {allowed}.",
    ),
    "extension-modifies": (
        "The extension {profile} changes the meaning of what it stands in, so it stands in modifierExtension.",
        "Tillägget {profile} ändrar innebörden av det som det står i och ska därför stå i modifierExtension.",
    ),
    "extension-modifies-not": (
        "The extension {profile} does not change the meaning of what it stands in, so it stands in extension.",
        "Tillägget {profile} ändrar inte innebörden av det som det står i och ska därför stå i extension.",
    ),
    "extension-part": (
        "The extension {profile} has no such part. It has: {allowed}.",
        "Tillägget {profile} har ingen sådan del. Det har: {allowed}.",
    ),
    "modifier-unknown": (
        "An extension that this server does not know would change the meaning of what it stands in; it is refused where a profile is claimed or demanded.",
        "Ett tillägg som servern inte känner till skulle ändra innebörden av det som det står i; det tas inte emot där en profil anges eller krävs.",
    ),
    # ------------------------------------------------------------------ content: narrative and constraints
    "narrative-form": (
        "The narrative is not well-formed XHTML: tags must match, entities be HTML's own, and neither DTD nor CDATA may stand in it.",
        "Berättelsetexten är inte välformad XHTML: taggarna måste gå ihop, entiteterna vara HTML:s egna, och DTD och CDATA får inte förekomma.",
    ),
    "narrative-root": (
        "The narrative is one div in the namespace http://www.w3.org/1999/xhtml.",
        "Berättelsetexten är en div i namnrymden http://www.w3.org/1999/xhtml.",
    ),
    "narrative-element": (
        "The narrative may not have the element '{name}'.",
        "Berättelsetexten får inte ha elementet '{name}'.",
    ),
    "narrative-attribute": (
        "The narrative may not have the attribute '{name}' there.",
        "Berättelsetexten får inte ha attributet '{name}' där.",
    ),
    "narrative-link": (
        "In the narrative the attribute '{name}' may neither run nor fetch anything.",
        "I berättelsetexten får attributet '{name}' varken köra eller hämta något.",
    ),
    "narrative-empty": (
        "The narrative has nothing to read in it.",
        "Berättelsetexten innehåller inget att läsa.",
    ),
    "constraint": (
        "The constraint {key} is broken: {human}",
        "Villkoret {key} är brutet: {human}",
    ),
    "constraint-advised": (
        "The recommendation {key} is not followed: {human}",
        "Rekommendationen {key} följs inte: {human}",
    ),
}


WORDS: dict[str, tuple[str, str]] = {
    # ------------------------------------------------------------------ the access log, as a citizen reads it
    "where-yourself": ("yourself", "du själv"),
    "where-citizen": ("another private person", "en annan privatperson"),
    "where-system": ("a system that the operator answers for", "ett system som driftansvarig svarar för"),
    "did-C": ("wrote {thing}", "skrev {thing}"),
    "did-R": ("read {thing}", "läste {thing}"),
    "did-U": ("changed {thing}", "ändrade {thing}"),
    "did-D": ("removed {thing}", "tog bort {thing}"),
    "did-E": ("searched, and was shown {thing}", "sökte och fick se {thing}"),
    "did-log": ("read this log", "läste den här loggen"),
    "tried-C": ("tried to write {thing}, and was refused", "försökte skriva {thing} men nekades"),
    "tried-R": ("tried to read {thing}, and was refused", "försökte läsa {thing} men nekades"),
    "tried-U": ("tried to change {thing}, and was refused", "försökte ändra {thing} men nekades"),
    "tried-D": ("tried to remove {thing}, and was refused", "försökte ta bort {thing} men nekades"),
    "tried-E": ("tried to search for {thing}, and was refused", "försökte söka efter {thing} men nekades"),
    "tried-log": ("tried to read this log, and was refused", "försökte läsa den här loggen men nekades"),
    "thing-CarePlan": ("a plan", "en plan"),
    "thing-CareTeam": ("who is in a team", "vilka som ingår i ett team"),
    "thing-Communication": ("a message", "ett meddelande"),
    "thing-Condition": ("a need or a diagnosis", "ett behov eller en diagnos"),
    "thing-Consent": ("a consent", "ett samtycke"),
    "thing-DocumentReference": ("a document", "ett dokument"),
    "thing-Encounter": ("a stay", "ett vårdtillfälle"),
    "thing-EpisodeOfCare": ("a case", "ett ärende"),
    "thing-Goal": ("a goal", "ett mål"),
    "thing-MedicationRequest": ("a prescription", "en läkemedelsordination"),
    "thing-MedicationStatement": ("a medicine", "ett läkemedel"),
    "thing-Observation": ("an observation", "en iakttagelse"),
    "thing-Patient": ("who the person is", "personuppgifter"),
    "thing-RelatedPerson": ("a relative", "en närstående"),
    "thing-ServiceRequest": ("a decided action", "en beslutad insats"),
    "thing-Task": ("a task", "en uppgift"),
    "thing-other": ("information about the person", "uppgifter om personen"),
    # ------------------------------------------------------------------ what is worth knowing of a discharge case
    "flag-missing": (
        "'{about}' had not come, and was to come before.",
        "'{about}' hade inte kommit, och skulle ha kommit före.",
    ),
    "flag-late": ("'{about}' came after its time.", "'{about}' kom efter sin tid."),
    "flag-registered-late": (
        "'{about}' was first given in another way, was registered afterwards, and counts from when it was given.",
        "'{about}' lämnades först på annat sätt, registrerades i efterhand och räknas från när det lämnades.",
    ),
    "flag-clock-stands": (
        "'{about}' was corrected; its time counts from the first sending.",
        "'{about}' har rättats; tiden räknas från det första meddelandet.",
    ),
    "flag-clock-renewed": (
        "'{about}' was corrected; its time counts from the correction.",
        "'{about}' har rättats; tiden räknas från rättelsen.",
    ),
    "flag-out-of-order": (
        "'{about}' could not happen when it was sent, and nothing follows from it.",
        "'{about}' kunde inte ske när det skickades, och inget följer av det.",
    ),
    # ------------------------------------------------------------------ what a plan in force lacks
    "flag-no-consent": (
        "The plan is in force, and no consent of the person holds.",
        "Planen gäller, men inget samtycke från personen gäller.",
    ),
    "flag-no-responsible": (
        "The plan does not say who has the overall responsibility.",
        "Planen säger inte vem som har det övergripande ansvaret.",
    ),
    "flag-no-coordinator": ("Nobody coordinates the plan.", "Ingen samordnar planen."),
    "flag-no-goal": ("An action of the plan has no goal.", "En insats i planen har inget mål."),
    "flag-no-follow-up": ("No follow-up of the plan is booked.", "Ingen uppföljning av planen är bokad."),
    "flag-period-over": (
        "The period of the plan is over, and the plan is neither closed nor prolonged.",
        "Planens tid har gått ut, men planen är varken avslutad eller förlängd.",
    ),
    # ------------------------------------------------------------------ who is liable for a discharge, and why
    "policy-statute": (
        "No agreement of the two speaks of this case: the statute applies.",
        "Ingen överenskommelse mellan parterna gäller ärendet: lagen tillämpas.",
    ),
    "policy-agreement": ("The agreement {agreement} applies.", "Överenskommelsen {agreement} gäller."),
    "payer-registered": (
        "The municipality where the person is registered is liable.",
        "Kommunen där personen är folkbokförd har betalningsansvaret.",
    ),
    "payer-placing": (
        "The municipality that has decided on a dwelling in another one stays liable.",
        "Kommunen som har beslutat om boende i en annan kommun har kvar betalningsansvaret.",
    ),
    "liability-unnoticed": (
        "No admission notice has been sent, so no municipality can be liable.",
        "Inget inskrivningsmeddelande har skickats, så ingen kommun kan bli betalningsansvarig.",
    ),
    "liability-noticed": (
        "The admission notice was sent {when}, in time.",
        "Inskrivningsmeddelandet skickades {when}, i tid.",
    ),
    "liability-noticed-after": (
        "The admission notice was sent {when}, after the discharge-ready notice, so no municipality can be liable.",
        "Inskrivningsmeddelandet skickades {when}, efter underrättelsen om utskrivningsklar, så ingen kommun kan bli betalningsansvarig.",
    ),
    "liability-noticed-late": (
        "The admission notice was sent {when}, later than {until}. By the policy it counts all the same.",
        "Inskrivningsmeddelandet skickades {when}, senare än {until}. Enligt reglerna räknas det ändå.",
    ),
    "liability-noticed-late-strict": (
        "The admission notice was sent {when}, later than {until}, so no municipality can be liable.",
        "Inskrivningsmeddelandet skickades {when}, senare än {until}, så ingen kommun kan bli betalningsansvarig.",
    ),
    "liability-not-ready": (
        "No discharge-ready notice is in force.",
        "Ingen underrättelse om utskrivningsklar gäller.",
    ),
    "liability-no-sip": (
        "There is to be no SIP, so no call is asked for.",
        "Ingen SIP ska göras, så ingen kallelse krävs.",
    ),
    "liability-sip-unsaid": (
        "Nobody has said that there is to be a SIP, so no call is asked for.",
        "Ingen har sagt att en SIP ska göras, så ingen kallelse krävs.",
    ),
    "liability-waits-for-call": (
        "There is to be a SIP, and no call has been sent; there is time until {until}.",
        "En SIP ska göras och ingen kallelse har skickats; tiden går ut {until}.",
    ),
    "liability-uncalled": (
        "There is to be a SIP, and no call was sent by {until}.",
        "En SIP ska göras och ingen kallelse skickades senast {until}.",
    ),
    "liability-called": (
        "The call to planning was sent {when}, in time: the last moment was {until}.",
        "Kallelsen till planering skickades {when}, i tid: sista tidpunkten var {until}.",
    ),
    "liability-called-late": (
        "The call to planning was sent {when}, later than {until}, so no municipality can be liable.",
        "Kallelsen till planering skickades {when}, senare än {until}, så ingen kommun kan bli betalningsansvarig.",
    ),
    "liability-from-call": (
        "The call to planning was sent {when}, later than {until}: liability begins with that day at the soonest.",
        "Kallelsen till planering skickades {when}, senare än {until}: betalningsansvaret börjar tidigast den dagen.",
    ),
    "liability-ready": (
        "The discharge-ready notice was sent {when}, no later than {hour}; days until liability: {days}.",
        "Underrättelsen om utskrivningsklar skickades {when}, senast {hour}; dagar till betalningsansvar: {days}.",
    ),
    "liability-ready-after": (
        "The discharge-ready notice was sent {when}, after {hour}; days until liability: {days}.",
        "Underrättelsen om utskrivningsklar skickades {when}, efter {hour}; dagar till betalningsansvar: {days}.",
    ),
    "liability-begins-calendar": (
        "In calendar days, the first day that can be liable is {day}.",
        "Räknat i kalenderdagar är {day} den första dag som kan omfattas.",
    ),
    "liability-begins-workdays": (
        "In workdays, the first day that can be liable is {day}.",
        "Räknat i arbetsdagar är {day} den första dag som kan omfattas.",
    ),
    "liability-unready": (
        "Open care's efforts were not available, or nobody had made clear whether they were; days that do not count for it: {days}, {which}.",
        "Öppenvårdens insatser var inte tillgängliga, eller det var inte klarlagt om de var det; dagar som därför inte räknas: {days}, {which}.",
    ),
    "liability-away": (
        "The person was on leave; days at whose end it was so, which do not count: {days}, {which}.",
        "Personen hade permission; dagar vid vars slut det var så, som inte räknas: {days}, {which}.",
    ),
    "liability-still-there": ("The person is still on the ward on {day}.", "Personen är kvar på avdelningen {day}."),
    "liability-discharged": (
        "The person was discharged on {day}, a day that does not count.",
        "Personen skrevs ut {day}, en dag som inte räknas.",
    ),
    "liability-discharged-counts": (
        "The person was discharged on {day}, a day that counts.",
        "Personen skrevs ut {day}, en dag som räknas.",
    ),
    "liability-died": (
        "The person died on {day}, a day that does not count.",
        "Personen avled {day}, en dag som inte räknas.",
    ),
    "liability-died-counts": (
        "The person died on {day}, a day that counts.",
        "Personen avled {day}, en dag som räknas.",
    ),
    "liability-none": ("So no municipality is liable.", "Ingen kommun är därför betalningsansvarig."),
    "liability-no-days": ("There is no liable day.", "Det finns ingen dag med betalningsansvar."),
    "liability-days": ("Liable days: {days}, {which}.", "Dagar med betalningsansvar: {days}, {which}."),
    "liability-priced": (
        "Days of {year}: {days}, at {rate} kronor each: {amount} kronor.",
        "Dagar under {year}: {days}, à {rate} kronor: {amount} kronor.",
    ),
    "liability-no-rate": (
        "Days of {year}: {days}, without an amount: the server has not been told what a day of that year costs.",
        "Dagar under {year}: {days}, utan belopp: servern har ingen uppgift om vad en dag det året kostar.",
    ),
    "liability-by-average": (
        "Not settled person by person: the municipality's monthly average decides.",
        "Avgörs inte för varje person: kommunens månadsgenomsnitt avgör.",
    ),
    "average-empty": ("In {month} nobody was discharged who counts.", "Under {month} skrevs ingen ut som räknas."),
    "average-month": (
        "Discharges of {month} that count: {discharges}; days waited in all: {days}; on average: {mean}.",
        "Utskrivningar under {month} som räknas: {discharges}; dagar sammanlagt: {days}; i genomsnitt: {mean}.",
    ),
    "average-nothing": (
        "In the last {months} months nobody was discharged who counts.",
        "De senaste {months} månaderna skrevs ingen ut som räknas.",
    ),
    "average-within": (
        "Over {months} months the average is {mean}, within {threshold}: nothing is paid.",
        "Över {months} månader är genomsnittet {mean}, inom {threshold}: inget betalas.",
    ),
    "average-past": (
        "Over {months} months the average is {mean}, past {threshold}: the days of the month past it are paid.",
        "Över {months} månader är genomsnittet {mean}, över {threshold}: månadens dagar därutöver betalas.",
    ),
}
"""What is told that is no message: parts of sentences, in English and in Swedish."""


def worded(key: str, language: str = "en", **said: str) -> str:
    """The words of a key in a language: `sv`, or English for every other."""
    english, swedish = WORDS[key]
    return (swedish if language == "sv" else english).format_map(said)
