"""The parts of company names by language and script.

Parts are separated by `|`. A part in another script has its Latin form for the domain after `=`. Legal forms and
`name_template` are templates: `{}` is the name, `{name}` and `{industry}` are the parts.
"""

from msgspec import Struct


class Locale(Struct, frozen=True):
    weight: int
    countries: tuple[tuple[str, int], ...]
    names: str
    industries: str
    legal_forms: str
    name_template: str = "{name} {industry}"


LOCALES = (
    Locale(
        20,
        (("US", 16), ("CA", 4), ("AU", 2)),
        "Blue Ridge|Cascade|Lakeshore|Summit|Harbor|Pioneer|Redwood|Evergreen|Liberty|Silver Creek|Northwind|Granite"
        "|Prairie|Keystone|Bayview|Copper State|Hudson|Magnolia|Ironwood|Sunrise|O’Connor|Ramírez|Nguyen & Lee"
        "|Beaulieu|Twin Rivers|Peregrine|Tidewater|Big Sky|Maple Leaf|Juniper|Cobalt|Fairview",
        "Logistics|Dental Group|Health Partners|Robotics|Credit Union|Foods|Law Group|Insurance|Schools|Energy"
        "|Biotech|Construction|Media|Software|Hotels|Realty|Aerospace|Outfitters",
        "{} Inc.|{} LLC|{} Corp.|{}",
    ),
    Locale(
        9,
        (("GB", 7), ("IE", 2), ("NZ", 1)),
        "Ashcroft|Pembroke|Wexford|Thistle|Brontë|Llŷn|Siân Davies|Ó Súilleabháin|Kingfisher|Harrowgate|Whitby|Camden"
        "|Fenwick|Marlowe|Severn|Heather & Sons|Aldgate|Dún Laoghaire|Kestrel|Oakley",
        "Solicitors|Shipping|Foods|Housing Trust|Care Homes|Engineering|Textiles|Publishing|Brewery|Surveyors|Academy",
        "{} Ltd|{} plc|{} LLP",
    ),
    Locale(
        10,
        (("DE", 8), ("AT", 2), ("CH", 2)),
        "Müller|Schäfer|Großmann|Weiß|Jäger|Krüger|Böhm|Nordsee|Köhler|Hübner|Löwenstein|Rössler|Strauß|Färber|Südwest"
        "|Österreicher|Zürcher|Möller|Grünwald|Döring|Lüneburger|Vogt & Söhne",
        "Maschinenbau|Logistik|Medizintechnik|Versicherungen|Bäckereien|Gebäudetechnik|Steuerberatung|Elektronik"
        "|Verlag|Möbel|Energie|Spedition|Präzisionswerkzeuge",
        "{} GmbH|{} AG|{} GmbH & Co. KG",
    ),
    Locale(
        6,
        (("FR", 7), ("BE", 2), ("CA", 1)),
        "Lefèvre|Crédence|Bélanger|Île-de-Ré|Château-Neuf|François|Besançon|Noël|Garçonnet|Hélios|Saône|Le Gall"
        "|Québécoise|Forêt Noire|Étoile|L’Hôpital",
        "Boulangeries|Assurances|Transports|Énergies|Éditions|Laboratoires|Ingénierie|Hôtels|Vignobles|Cliniques",
        "{} SA|{} SARL|Groupe {}",
        "{industry} {name}",
    ),
    Locale(
        5,
        (("ES", 4), ("MX", 3), ("AR", 1), ("CO", 1)),
        "Muñoz|Peñalver|Ibáñez|Córdoba|León|Núñez|Aragón|Bogotá|Güemes|Cañada Real|Yucatán|Málaga|Sánchez|Ordóñez",
        "Construcciones|Alimentación|Telefonía|Clínicas|Transportes|Bodegas|Farmacéutica|Ingeniería|Hoteles",
        "{} S.A.|{} S.L.|Grupo {}",
        "{industry} {name}",
    ),
    Locale(
        5,
        (("BR", 5), ("PT", 2)),
        "São Paulo|Conceição|Guimarães|Araújo|Ipê Amarelo|Brasília|Magalhães|Paraná|Açores|Simões|Maranhão|Évora"
        "|João Pessoa",
        "Construtora|Farmácias|Transportadora|Seguros|Educação|Laticínios|Têxtil|Hospitais|Cafés|Mineração",
        "{} S.A.|{} Ltda.|Grupo {}",
        "{industry} {name}",
    ),
    Locale(
        4,
        (("IT", 4), ("CH", 1)),
        "Rossini|Forlì|Cefalù|Bellomo|Città Nuova|Niccolò|D’Amico|Ferrero-Conti|Marchetti|Mondovì|Adriatica|San Marco",
        "Arredamenti|Assicurazioni|Trasporti|Ceramiche|Moda|Alimentari|Meccanica|Editore|Farmacie",
        "{} S.p.A.|{} S.r.l.|Gruppo {}",
    ),
    Locale(
        4,
        (("NL", 4), ("BE", 1)),
        "Van den Berg|De Vries|IJsselmeer|Zeeuwse|Curaçaose|Hoogeveen|Coöperatie Noord|Brabant|De Graaf|Visser|Amstel",
        "Logistiek|Bouw|Zorggroep|Verzekeringen|Bloemen|Scheepvaart|Techniek|Advocaten|Zuivel",
        "{} B.V.|{} N.V.",
    ),
    Locale(
        4,
        (("RS", 2), ("HR", 2), ("SI", 1), ("BA", 1)),
        "Đorđević|Šumadija|Čačak|Kovačić|Živković|Dalmacija|Međimurje|Ćosić|Požega|Tržič|Hadžić|Đakovo",
        "Osiguranje|Brodogradnja|Mlekara|Prevoz|Elektronika|Građevina|Vinarija|Apoteka|Štamparija",
        "{} d.o.o.|{} d.d.|Grupa {}",
    ),
    Locale(
        2,
        (("VN", 2),),
        "Hà Nội|Đà Nẵng|Nguyễn Huệ|Phương Đông|Bình Minh|Cửu Long|Hồng Hà|Sài Gòn|Đại Việt|Trường Sơn",
        "Dệt May|Vận Tải|Xây Dựng|Thủy Sản|Dược Phẩm|Phần Mềm|Bảo Hiểm",
        "Công ty {}|{} JSC",
    ),
    Locale(
        6,
        (("JP", 1),),
        "東京=tokyo|大阪=osaka|富士=fuji|桜=sakura|北海=hokkai|山本=yamamoto|高橋=takahashi|さくら=sakura|ひかり=hikari"
        "|サンライズ=sunrise|渡辺=watanabe|京都=kyoto|みらい=mirai|瀬戸内=setouchi|ミツバ=mitsuba",
        "精機=seiki|電機=denki|物流=butsuryu|製薬=seiyaku|建設=kensetsu|食品=shokuhin|商事=shoji|保険=hoken"
        "|システムズ=systems|印刷=insatsu|フーズ=foods",
        "株式会社{}|{}株式会社|合同会社{}",
        "{name}{industry}",
    ),
    Locale(
        3,
        (("KR", 1),),
        "한강=hangang|서울=seoul|부산=busan|미래=mirae|대한=daehan|청솔=cheongsol|한빛=hanbit|동해=donghae|백두=baekdu|제주=jeju",
        "전자=jeonja|물류=mullyu|제약=jeyak|건설=geonseol|식품=sikpum|보험=boheom|소프트=soft|조선=joseon",
        "주식회사 {}|{}(주)|{} 그룹",
        "{name}{industry}",
    ),
    Locale(
        3,
        (("GR", 3), ("CY", 1)),
        "Αθήνα=athina|Όλυμπος=olympos|Θεσσαλονίκη=thessaloniki|Αιγαίο=aigaio|Κρήτη=kriti|Παπαδόπουλος=papadopoulos"
        "|Ερμής=ermis|Ήλιος=ilios|Πειραιάς=peiraias|Λευκωσία=lefkosia",
        "Ναυτιλιακή=naftiliaki|Φαρμακευτική=farmakeftiki|Ασφάλειες=asfaleies|Τρόφιμα=trofima|Ενέργεια=energeia"
        "|Κατασκευές=kataskeves|Εκδόσεις=ekdoseis",
        "{} Α.Ε.|{} Ε.Π.Ε.|Όμιλος {}",
    ),
    Locale(
        3,
        (("AE", 3), ("EG", 2), ("SA", 2), ("JO", 1)),
        "النور=alnoor|الخليج=alkhaleej|النيل=alnile|الأمل=alamal|الواحة=alwaha|الصقر=alsaqr|الهلال=alhilal|المدينة=almadina"
        "|الياسمين=alyasmin|الرؤية=alruya",
        "للتجارة=trading|للنقل=transport|للأدوية=pharma|للمقاولات=contracting|للتأمين=insurance|للطاقة=energy|للأغذية=foods",
        "شركة {}|مجموعة {}|مؤسسة {}",
    ),
    Locale(
        2,
        (("IL", 1),),
        "הגליל=hagalil|כרמל=carmel|שקד=shaked|אורן=oren|הנגב=hanegev|ירדן=yarden|תבור=tavor|רימון=rimon|השחר=hashachar",
        "תקשורת=tikshoret|תוכנה=tochna|הובלות=hovalot|ביטוח=bituach|מזון=mazon|אנרגיה=energia|בנייה=bniya",
        "{} בע״מ|קבוצת {}",
    ),
    Locale(
        4,
        (("SE", 3), ("FI", 1)),
        "Ångström|Malmö|Sjöberg|Åkerlund|Björk|Västerås|Göteborg|Lindström|Hämäläinen|Jyväskylä|Östersund|Håkansson",
        "Industri|Rederi|Möbler|Energi|Försäkring|Skog|Bygg|Teknik|Läkemedel|Arkitekter",
        "{} AB|{}gruppen AB|AB {}",
    ),
    Locale(
        3,
        (("NO", 2), ("DK", 3)),
        "Øresund|Tromsø|Sørensen|Ærø|Østergård|Ålesund|Rømø|Bjørnstad|Kjær|Lillehammer|Nørgaard|Grønland",
        "Fiskeri|Rederi|Energi|Forsikring|Møbler|Skibsværft|Arkitekter|Apotek|Transport",
        "{} A/S|{} Gruppen",
    ),
    Locale(
        4,
        (("PL", 1),),
        "Łódź|Wiśniewski|Żółkiewski|Śląsk|Gdańsk|Kołodziej|Wrocław|Ździebło|Białystok|Częstochowa|Dąbrowski|Małopolska",
        "Transport|Budownictwo|Meble|Apteki|Piekarnie|Energetyka|Elektro|Logistyka|Ubezpieczenia",
        "{} S.A.|{} Sp. z o.o.|Grupa {}",
    ),
    Locale(
        3,
        (("CZ", 3), ("SK", 1)),
        "Dvořák|Plzeň|Říčany|Šťastný|Žilina|Čapek|Ostrožská|Jiříček|Třebíč|Žďár",
        "Strojírny|Sklárny|Pivovar|Doprava|Stavby|Lékárny|Energie|Nábytek",
        "{} a.s.|{} s.r.o.",
    ),
    Locale(
        2,
        (("HU", 1),),
        "Győr|Erdőhegyi|Kőszeg|Szűcs|Hortobágy|Tűzkő|Göncöl|Fehérvári",
        "Építő|Textil|Szállítás|Gyógyszer|Bútor|Élelmiszer|Biztosító",
        "{} Kft.|{} Zrt.",
    ),
    Locale(
        2,
        (("RO", 3), ("MD", 1)),
        "Brâncuși|Timișoara|Făgăraș|Țepeș|Ștefănescu|Dâmbovița|Argeș|Bucovina",
        "Construcții|Transporturi|Farmacii|Energie|Mobilă|Asigurări|Panificație",
        "{} S.R.L.|{} S.A.",
        "{industry} {name}",
    ),
    Locale(
        3,
        (("TR", 1),),
        "Şahin|İzmir|Çelik|Gökçe|Ağrı|Iğdır|Yıldız|Kılıçoğlu|Boğaziçi|Ege|Öztürk",
        "Gıda|Otomotiv|Sigorta|Tekstil|İnşaat|Lojistik|Enerji|Eczacılık",
        "{} A.Ş.|{} Ltd. Şti.",
    ),
    Locale(
        4,
        (("CN", 1),),
        "上海=shanghai|深圳=shenzhen|长江=changjiang|华信=huaxin|东方=dongfang|北辰=beichen|和平=heping|广厦=guangsha|明德=mingde",
        "科技=keji|物流=wuliu|电子=dianzi|医药=yiyao|建设=jianshe|食品=shipin|保险=baoxian|能源=nengyuan|教育=jiaoyu",
        "{}有限公司|{}股份有限公司|{}集团",
        "{name}{industry}",
    ),
    Locale(
        2,
        (("TW", 3), ("HK", 1)),
        "臺北=taipei|金龍=jinlong|新竹=hsinchu|寶島=baodao|維多利亞=victoria|東海=donghai|鳳凰=fenghuang",
        "電子=dianzi|物流=wuliu|醫藥=yiyao|營造=yingzao|食品=shipin|保險=baoxian|軟體=ruanti",
        "{}有限公司|{}股份有限公司|{}集團",
        "{name}{industry}",
    ),
    Locale(
        3,
        (("UA", 1),),
        "Дніпро=dnipro|Київ=kyiv|Карпати=karpaty|Ґердан=gerdan|Їжакевич=yizhakevych|Одеса=odesa|Поділля=podillia"
        "|Запоріжжя=zaporizhzhia",
        "Логістика=lohistyka|Енерго=enerho|Фарма=farma|Транс=trans|Буд=bud|Медіа=media|Агро=ahro",
        "ТОВ «{}»|ПрАТ «{}»",
        "{name}-{industry}",
    ),
    Locale(
        2,
        (("BG", 1),),
        "София=sofia|Пловдив=plovdiv|Дунав=dunav|Шумен=shumen|Родопи=rodopi|Янтра=yantra|Черноморец=chernomorets",
        "Транспорт=transport|Мебели=mebeli|Застраховане=zastrahovane|Енергия=energia|Аптеки=apteki|Строй=stroy",
        "{} ЕООД|{} АД",
    ),
    Locale(
        1,
        (("RS", 1),),
        "Ђурђевак=djurdjevak|Љубић=ljubic|Његош=njegos|Шумадија=sumadija|Ћуприја=cuprija|Џигит=dzigit",
        "Осигурање=osiguranje|Млекара=mlekara|Превоз=prevoz|Градња=gradnja|Апотека=apoteka",
        "{} д.о.о.|{} а.д.",
    ),
    Locale(
        3,
        (("IN", 1),),
        "भारत=bharat|गंगा=ganga|हिमालय=himalaya|सूर्य=surya|दिल्ली=dilli|शक्ति=shakti|विद्या=vidya|जयपुर=jaipur|कृष्णा=krishna",
        "उद्योग=udyog|परिवहन=parivahan|औषधि=aushadhi|निर्माण=nirman|ऊर्जा=urja|वस्त्र=vastra",
        "{} प्रा. लि.|{} लिमिटेड|{} समूह",
    ),
    Locale(
        3,
        (("IN", 6), ("SG", 1)),
        "Lakshmi|Chennai|Deccan|Sahyadri|Mehta & Sons|Kaveri|Nilgiri|Banerjee|Ashoka|Konkan",
        "Textiles|Infotech|Motors|Pharma|Steel|Hospitals|Finance|Foods",
        "{} Pvt. Ltd.|{} Ltd.",
    ),
    Locale(
        2,
        (("TH", 1),),
        "สยาม=siam|กรุงเทพ=krungthep|เชียงใหม่=chiangmai|ช้างทอง=changthong|อันดามัน=andaman|ภูเก็ต=phuket",
        "โลจิสติกส์=logistics|พลังงาน=phalangngan|อาหาร=ahan|ก่อสร้าง=kosang|ประกันภัย=prakanphai",
        "บริษัท {} จำกัด|กลุ่ม{}",
        "{name}{industry}",
    ),
    Locale(
        1,
        (("GE", 1),),
        "თბილისი=tbilisi|კავკასია=kavkasia|მზე=mze|იმერეთი=imereti|კოლხეთი=kolkheti",
        "ენერგია=energia|ტრანსპორტი=transporti|მშენებლობა=mshenebloba|ღვინო=ghvino",
        "შპს {}|სს {}",
    ),
)
